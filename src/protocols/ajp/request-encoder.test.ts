import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anOutgoingRequest } from '../../../test/support/outgoing-request.ts';
import type { Bytes, FieldList } from '../../exchange.ts';
import type { OutgoingGatewayRequest } from '../gateway-protocol.ts';
import { RequestTooLarge } from '../request-too-large.ts';
import { AjpRequestEncoder } from './request-encoder.ts';

const latin1 = (bytes: Bytes): string =>
  typeof bytes === 'string' ? bytes : Buffer.from(bytes).latin1Slice();

function head(
  changes: Partial<OutgoingGatewayRequest>,
  bodySize = 0,
  secret = '',
  packetBytes = 8192,
): string {
  return new AjpRequestEncoder({ secret, packetBytes }).head(anOutgoingRequest(changes), bodySize);
}

/** Codes and texts of the attributes; those with a name of their own as `name=value`. */
function attributes(params: FieldList, variables: FieldList = []): string {
  return head({ params, variables }).split('192.0.2.1\0')[1]!;
}

test('a request in the bytes of the specification', () => {
  const request = head({ method: 'POST', mappedTarget: '/a%20b?x=1', serverPort: 8080 }, 5, 's');
  const expected =
    '1234009c' + // 156 bytes follow
    '0204' + // FORWARD_REQUEST, POST
    '0008485454502f312e3100' + // HTTP/1.1
    '00062f612532306200' + // /a%20b
    '00093139322e302e322e3900' + // 192.0.2.9
    '00093139322e302e322e3900' +
    '000b6578616d706c652e6f726700' + // example.org
    '1f90' + // 8080
    '00' + // no TLS
    '0002' + // fields
    'a00b000b6578616d706c652e6f726700' + // Host
    'a00800013500' + // Content-Length: 5
    '0c00017300' + // secret
    '050003783d3100' + // query
    '0a000f414a505f52454d4f54455f504f52540000043530303000' + // AJP_REMOTE_PORT: 5000
    '0a000e414a505f4c4f43414c5f414444520000093139322e302e322e3100' + // AJP_LOCAL_ADDR: 192.0.2.1
    'ff';
  assert.equal(Buffer.from(request, 'latin1').toString('hex'), expected);
});

test('variables that have an attribute of their own are sent in it', () => {
  const variables = ['REMOTE_USER', 'ann', 'SSL_CIPHER_USEKEYSIZE', '256', 'SSL_PROTOCOL', 'TLSv1.3'];
  assert.equal(
    attributes([], variables),
    '\x03\0\x03ann\0\x0b\x01\0\x0a\0\x10AJP_SSL_PROTOCOL\0\0\x07TLSv1.3\0\xff',
  );
});

test('what the server may not know is sent when the operator has asked for it', () => {
  assert.equal(attributes([], ['GEOIP_COUNTRY', 'NL', 'toString', 'a']), '\xff');
  assert.equal(attributes(['GEOIP_COUNTRY', 'NL']), '\x0a\0\x0dGEOIP_COUNTRY\0\0\x02NL\0\xff');
  assert.equal(attributes(['REMOTE_USER', 'eve'], ['REMOTE_USER', 'ann']), '\x03\0\x03eve\0\xff');
});

test('a request that the server would not take is not made', () => {
  const fields = ['Cookie', 'a'.repeat(8100)];
  assert.throws(() => head({ fields }), RequestTooLarge);
  assert.ok(head({ fields }, 0, '', 16_384).length > 8192);
  // Its length would be read as a code.
  assert.throws(() => head({ fields: ['x'.repeat(0xa001), ''] }, 0, '', 65_536), RequestTooLarge);
});

test('a body goes in packets of which each server takes one', () => {
  const encoder = new AjpRequestEncoder({ secret: '', packetBytes: 65_536 });
  const body = Buffer.alloc(8187, 'a');
  for (const packets of [encoder.body(body), encoder.body(body.latin1Slice())]) {
    assert.deepEqual(packets.map(latin1), [
      `\x12\x34\x1f\xfc\x1f\xfa${'a'.repeat(8186)}`,
      '\x12\x34\0\x03\0\x01a',
    ]);
  }
  assert.deepEqual(encoder.body(''), []);
  assert.equal(encoder.end(), '\x12\x34\0\x02\0\0');
});
