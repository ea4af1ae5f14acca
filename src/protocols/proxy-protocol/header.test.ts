import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from './crc32c.ts';
import { parseProxyHeader } from './header.ts';

const SIGNATURE = '0d0a0d0a000d0a515549540a';

function v2(command: number, family: number, rest: string, length = rest.length / 2): Buffer {
  const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');
  return Buffer.from(SIGNATURE + hex(command, 2) + hex(family, 2) + hex(length, 4) + rest, 'hex');
}

function v1(line: string): Buffer {
  return Buffer.from(`PROXY ${line}\r\n`, 'latin1');
}

const IPV4 = 'c0000207cb007109d4311f40';
const ENDS = { remoteAddress: '192.0.2.7', localAddress: '203.0.113.9', remotePort: 54321, localPort: 8000 };

test('version 1', () => {
  const header = v1('TCP4 192.0.2.7 203.0.113.9 54321 8000');
  const expected = { ends: ENDS, isSecure: false, length: header.length };
  assert.deepEqual(parseProxyHeader(header), expected);
  assert.deepEqual(parseProxyHeader(Buffer.concat([header, Buffer.from('GET / HTTP/1.1')])), expected);
  const six = parseProxyHeader(v1('TCP6 2001:db8::7 2001:db8::1 1 65535'));
  assert.deepEqual(typeof six === 'string' ? six : six.ends, {
    remoteAddress: '2001:db8::7',
    localAddress: '2001:db8::1',
    remotePort: 1,
    localPort: 65535,
  });
  assert.deepEqual(parseProxyHeader(v1('UNKNOWN')), { ends: null, isSecure: false, length: 15 });
  assert.deepEqual(parseProxyHeader(v1('UNKNOWN ffff::1 ffff::2 1 2')), {
    ends: null,
    isSecure: false,
    length: 35,
  });
});

test('version 2', () => {
  assert.deepEqual(parseProxyHeader(v2(0x21, 0x11, IPV4)), { ends: ENDS, isSecure: false, length: 28 });
  const six = parseProxyHeader(
    v2(0x21, 0x21, `20010db8${'0'.repeat(23)}720010db8${'0'.repeat(23)}1d4311f40`),
  );
  assert.equal(typeof six === 'string' ? six : six.ends!.remoteAddress, '2001:db8:0:0:0:0:0:7');
  const unix = parseProxyHeader(v2(0x21, 0x31, '00'.repeat(216)));
  assert.equal(typeof unix === 'string' ? unix : unix.ends!.remoteAddress, '');
  assert.deepEqual(parseProxyHeader(v2(0x20, 0x11, IPV4)), { ends: null, isSecure: false, length: 28 });
  assert.deepEqual(parseProxyHeader(v2(0x20, 0xff, '')), { ends: null, isSecure: false, length: 16 });
  assert.deepEqual(parseProxyHeader(v2(0x21, 0x00, 'ffff')), 'malformed');
  assert.deepEqual(parseProxyHeader(v2(0x21, 0x00, '')), { ends: null, isSecure: false, length: 16 });
});

test('extensions: TLS of the client, unknown ones, and a sum', () => {
  const isSecure = (rest: string) => {
    const header = parseProxyHeader(v2(0x21, 0x11, IPV4 + rest));
    return typeof header === 'string' ? header : header.isSecure;
  };
  assert.equal(isSecure('2000050100000000'), true);
  assert.equal(isSecure('2000050000000000'), false);
  assert.equal(isSecure('ee00021234' + '0100026832'), false);
  const unsummed = v2(0x21, 0x11, `${IPV4}03000400000000`);
  const sum = crc32c(unsummed).toString(16).padStart(8, '0');
  assert.equal(isSecure(`030004${sum}`), false);
  assert.equal(isSecure('03000400000001'), 'malformed');
  assert.equal(isSecure('03000100'), 'malformed');
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
});

test('lengths that lie', () => {
  assert.equal(parseProxyHeader(v2(0x21, 0x11, IPV4.slice(2), 11)), 'malformed');
  assert.equal(parseProxyHeader(v2(0x21, 0x11, `${IPV4}20`)), 'malformed');
  assert.equal(parseProxyHeader(v2(0x21, 0x11, `${IPV4}20ffff01`)), 'malformed');
  assert.equal(parseProxyHeader(v2(0x21, 0x11, IPV4, 0xffff)), 'malformed');
});

test('what is no header', () => {
  for (const bytes of [
    Buffer.from('GET / HTTP/1.1\r\n'),
    Buffer.from('\r\n\r\nGET'),
    v1(''),
    v1('TCP4 192.0.2.7 203.0.113.9 54321'),
    v1('TCP4 192.0.2.7 203.0.113.9 54321 65536'),
    v1('TCP4 192.0.2.7 203.0.113.9 054321 80'),
    v1('TCP4 192.0.2.7 203.0.113.9 1 2 3'),
    v1('TCP4  192.0.2.7 203.0.113.9 1 2'),
    v1('TCP4 2001:db8::1 203.0.113.9 1 2'),
    v1('TCP6 192.0.2.7 203.0.113.9 1 2'),
    v1('UDP4 192.0.2.7 203.0.113.9 1 2'),
    v1(`UNKNOWN ${'x'.repeat(100)}`),
    v2(0x11, 0x11, IPV4),
    v2(0x22, 0x11, IPV4),
    v2(0x21, 0x12, IPV4),
    v2(0x21, 0x99, IPV4),
  ])
    assert.equal(parseProxyHeader(bytes), 'malformed', bytes.latin1Slice());
});

test('each piece of a header is incomplete, and no bytes break it', () => {
  for (const header of [
    v1('TCP4 192.0.2.7 203.0.113.9 54321 8000'),
    v2(0x21, 0x11, `${IPV4}2000050100000000`),
  ]) {
    for (let i = 0; i < header.length; i++)
      assert.equal(parseProxyHeader(header.subarray(0, i)), 'incomplete');
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      parseProxyHeader(Buffer.from(bytes));
      const rest = Buffer.from(bytes).toString('hex');
      assert.notEqual(parseProxyHeader(v2(0x21, 0x11, rest)), 'incomplete');
    }),
  );
});
