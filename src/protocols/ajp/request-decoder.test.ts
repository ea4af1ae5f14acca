import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutAt, readEvents } from '../../../test/support/gateway-events.ts';
import { anOutgoingRequest } from '../../../test/support/outgoing-request.ts';
import { DEFAULT_LIMITS, singleBytes } from '../../../test/support/read-requests.ts';
import type { OutgoingGatewayRequest } from '../gateway-protocol.ts';
import { FROM_FRONT, packet, text, uint16 } from './packets.ts';
import { AjpRequestDecoder } from './request-decoder.ts';
import { AjpRequestEncoder } from './request-encoder.ts';

/** Asks for more of a body as soon as it may, so that a test need not. */
class Asking extends AjpRequestDecoder {
  asked = 0;

  override next() {
    if (this.wantsBody() !== '') this.asked++;
    return super.next();
  }
}

const latin1 = (value: string): Buffer => Buffer.from(value, 'latin1');
const decoder = (secret = ''): Asking => new Asking(DEFAULT_LIMITS, secret);
const read = (value: string, secret = '') => readEvents(decoder(secret), [latin1(value)]);

function encode(changes: Partial<OutgoingGatewayRequest>, bodySize = 0, secret = ''): string {
  return new AjpRequestEncoder({ secret, packetBytes: 65_536 }).head(anOutgoingRequest(changes), bodySize);
}

function bodyPackets(...pieces: string[]): string {
  return pieces.map((piece) => packet(FROM_FRONT, uint16(piece.length) + piece)).join('');
}

/** What mod_proxy_ajp of Apache 2.4.71 sends: CPING, then GET /a%20b/c?x=1 with a secret and `SetEnv AJP_SHIB_MAIL`. */
const APACHE_GET =
  '123400010a' +
  '123400c602020008485454502f312e310000082f61253230622f630000093132372e302e302e3100ffff00093132372e302e302e31' +
  '0046a0000003a00b000f3132372e302e302e313a313830383000a00e00047465737400a00100032a2f2a000c000673336372657400' +
  '050003783d31000a000f414a505f52454d4f54455f504f52540000053333303334000a000e414a505f4c4f43414c5f414444520000' +
  '093132372e302e302e31000a0009534849425f4d41494c00000f616e6e406578616d706c652e6f726700ff';

test('a request of Apache, asked before whether we are there', () => {
  const [pong, request, end, ...more] = read(Buffer.from(APACHE_GET, 'hex').latin1Slice(), 's3cret');
  assert.deepEqual([pong!.event, pong!.text], ['reply', 'AB\x00\x01\x09']);
  assert.deepEqual([end!.event, more], ['end', []]);
  assert.deepEqual(request!.request, {
    method: 'GET',
    target: '/a%20b/c?x=1',
    path: '/a%20b/c',
    decodedPath: '/a b/c',
    query: 'x=1',
    version: 'HTTP/1.1',
    scheme: 'http',
    authority: '127.0.0.1:18080',
    fields: [
      ['host', '127.0.0.1:18080'],
      ['user-agent', 'test'],
      ['accept', '*/*'],
    ],
    remoteAddress: '127.0.0.1',
    remotePort: 33034,
    localAddress: '127.0.0.1',
    localPort: 18080,
    contentLength: 0,
    scriptName: '',
    variables: ['SHIB_MAIL', 'ann@example.org'],
  });
});

test('any other method than those of the list stands in an attribute', () => {
  assert.equal((read(encode({ method: 'FROB' }))[0]!.request as { method: string }).method, 'FROB');
});

test('what the front knows of the client and of TLS reaches the application', () => {
  const variables = ['REMOTE_USER', 'ann', 'AUTH_TYPE', 'Basic', 'SSL_CIPHER', 'TLS_AES_128_GCM_SHA256'];
  const more = ['SSL_PROTOCOL', 'TLSv1.3', 'SSL_CIPHER_USEKEYSIZE', '128', 'SSL_CLIENT_CERT', 'a\nb'];
  const [request] = read(encode({ scheme: 'https', variables: [...variables, ...more] }));
  const { scheme, variables: given } = request!.request as { scheme: string; variables: string[] };
  assert.equal(scheme, 'https');
  const pairs = given.flatMap((name, i) => (i % 2 === 0 ? [`${name}=${given[i + 1]}`] : []));
  assert.deepEqual(
    pairs.sort(),
    [
      ...['AUTH_TYPE=Basic', 'HTTPS=on', 'REMOTE_USER=ann', 'SSL_CIPHER=TLS_AES_128_GCM_SHA256'],
      ...['SSL_CIPHER_USEKEYSIZE=128', 'SSL_CLIENT_CERT=a\nb', 'SSL_PROTOCOL=TLSv1.3'],
    ].sort(),
  );
});

test('no attribute says which path or file is meant, or passes for a field or a variable of ours', () => {
  const ghostcat = [
    'javax.servlet.include.request_uri',
    '/',
    'javax.servlet.include.path_info',
    'WEB-INF/web.xml',
  ];
  const own = ['PATH_INFO', '/etc/passwd', 'SCRIPT_NAME', '/x', 'HTTP_HOST', 'evil', 'wsgi.input', 'x'];
  const [request] = read(encode({ mappedTarget: '/a', params: [...ghostcat, ...own, 'GOOD', 'yes'] }));
  const { path, scriptName, variables, authority } = request!.request as Record<string, unknown>;
  assert.deepEqual([path, scriptName, authority, variables], ['/a', '', 'example.org', ['GOOD', 'yes']]);
});

const SIZES = [1, 8185, 8186, 8187, 65_530, 100_000];
for (const size of SIZES) {
  test(`a body of ${size} bytes comes in packets, the first one unasked`, () => {
    const body = Buffer.alloc(size, 'abcdefg').latin1Slice();
    const encoder = new AjpRequestEncoder({ secret: '', packetBytes: 8192 });
    const packets = encoder.body(body) as string[];
    const asking = decoder();
    const events = readEvents(asking, [latin1(encode({ method: 'POST' }, size) + packets.join(''))]);
    assert.deepEqual(
      events.map(({ event }) => event),
      ['request', 'data', 'end'],
    );
    assert.equal(events[1]!.text, body);
    assert.equal(asking.asked, Math.ceil(size / 8186) - 1);
  });
}

test('a chunked body is asked for until an empty packet', () => {
  const head = encode({ method: 'PUT', fields: ['Host', 'a', 'Transfer-Encoding', 'chunked'] });
  for (const empty of [packet(FROM_FRONT, '\0\0'), packet(FROM_FRONT, '')]) {
    const asking = decoder();
    const events = readEvents(asking, [latin1(head + bodyPackets('ab', 'c') + empty)]);
    assert.deepEqual(
      events.map(({ event, text: given }) => [event, given]),
      [
        ['request', ''],
        ['data', 'abc'],
        ['end', ''],
      ],
    );
    assert.equal(asking.asked, 3);
    const { contentLength, fields } = events[0]!.request as { contentLength: number; fields: string[][] };
    assert.deepEqual([contentLength, fields], [-1, [['host', 'a']]]);
  }
});

test('a connection carries request after request', () => {
  const post = encode({ method: 'POST' }, 2) + bodyPackets('hi');
  const events = read(post + encode({}) + packet(FROM_FRONT, '\x0a') + post);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['request', 'data', 'end', 'request', 'end', 'reply', 'request', 'data', 'end'],
  );
});

test('with a secret nothing is served without it', () => {
  for (const [given, status] of [
    ['', '403'],
    ['s3cre', '403'],
    ['S3cret', '403'],
  ]) {
    const asking = decoder('s3cret');
    const events = readEvents(asking, [latin1(encode({}, 0, given) + encode({}, 0, 's3cret'))]);
    assert.deepEqual(
      events.map(({ event, text: why }) => [event, why]),
      [['refused', status]],
    );
    assert.equal(asking.keepsConnection, false);
  }
  assert.equal(read(encode({}, 0, 's3cret'), 's3cret')[0]!.event, 'request');
  assert.equal(read(encode({}, 0, 'unasked'))[0]!.event, 'request');
});

const REFUSED: Record<string, [Partial<OutgoingGatewayRequest>, number]> = {
  'a line break in a field': [{ fields: ['Host', 'a', 'X', 'b\r\nY: c'] }, 400],
  'a NUL in a field': [{ fields: ['Host', 'a', 'X', 'b\0'] }, 400],
  'a name that is none': [{ fields: ['Host', 'a', 'X Y', 'b'] }, 400],
  'two Hosts': [{ fields: ['Host', 'a', 'Host', 'b'] }, 400],
  'a Host with a path': [{ fields: ['Host', 'a/b'] }, 400],
  'two lengths': [{ fields: ['Content-Length', '1', 'Content-Length', '1'] }, 400],
  'a negative length': [{ fields: ['Content-Length', '-1'] }, 400],
  'a length of a chunked body': [{ fields: ['Content-Length', '1', 'Transfer-Encoding', 'chunked'] }, 400],
  'chunked twice (CVE-2022-26377)': [{ fields: ['Transfer-Encoding', 'chunked, chunked'] }, 400],
  'another coding before chunked': [{ fields: ['Transfer-Encoding', 'gzip, chunked'] }, 400],
  'another coding only': [{ fields: ['Transfer-Encoding', 'identity'] }, 400],
  'a space in the path': [{ mappedTarget: '/a b' }, 400],
  'no path': [{ mappedTarget: 'a' }, 400],
  'a NUL in the path': [{ mappedTarget: '/%00' }, 400],
  'a lower-case method': [{ method: 'get' }, 400],
  CONNECT: [{ method: 'CONNECT', mappedTarget: 'a:443' }, 405],
  'a long line': [{ mappedTarget: `/${'a'.repeat(8190)}` }, 414],
  'a long field': [{ fields: ['X', 'a'.repeat(8190)] }, 431],
  'many fields': [{ fields: Array(202).fill('a') }, 431],
};
for (const [what, [changes, status]] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, () => {
    const asking = decoder();
    const events = readEvents(asking, [latin1(encode(changes) + encode({}))]);
    assert.deepEqual(
      events.map(({ event, text: given }) => [event, given]),
      [['refused', String(status)]],
    );
    assert.equal(asking.keepsConnection, false);
  });
}

const MALFORMED = '\x02\x02';
const query = `\x05${text('a')}`;
const start = `\x02\x02${text('HTTP/1.1')}${text('/')}\xff\xff\xff\xff${text('h')}\0\x50\0\0\0`;
const REFUSED_PACKETS: Record<string, string> = {
  'nothing behind the kind': '\x02',
  'a request cut off': MALFORMED,
  'no end of the attributes': start + query,
  'something behind the end': `${start}\xff\0`,
  'an attribute twice': `${start}${query}${query}\xff`,
  'an unknown attribute': `${start}\x0e${text('a')}\xff`,
  'a method without a name': start.replace('\x02\x02', '\x02\xff').concat('\xff'),
  'an unknown method': start.replace('\x02\x02', '\x02\x40').concat('\xff'),
  'more fields declared than there are': start.slice(0, -1).concat('\x05\xff'),
};
for (const [what, payload] of Object.entries(REFUSED_PACKETS)) {
  test(`refused: ${what}`, () => {
    assert.deepEqual(
      read(packet(FROM_FRONT, payload)).map(({ event, text: given }) => [event, given]),
      [['refused', '400']],
    );
  });
}

test('addresses may be missing', () => {
  const [request] = read(packet(FROM_FRONT, `${start}\xff`));
  const { remoteAddress, remotePort, authority } = request!.request as Record<string, unknown>;
  assert.deepEqual([remoteAddress, remotePort, authority], ['', 0, 'h']);
});

const post = encode({ method: 'POST' }, 3);
const BROKEN: Record<string, string> = {
  'another protocol': 'GET / HTTP/1.1\r\n\r\n',
  'an answer': 'AB\0\x01\x09',
  'an empty packet before a request': packet(FROM_FRONT, ''),
  'a shutdown': packet(FROM_FRONT, '\x07'),
  'a ping with something behind it': packet(FROM_FRONT, '\x0a\0'),
  'a body that nobody has announced': encode({}) + bodyPackets('abc'),
  'more of a body than announced': post + bodyPackets('abcd'),
  'more packets of a body than announced': post + bodyPackets('abc', 'd'),
  'less of a body than announced': post + bodyPackets('ab', ''),
  'a request in place of a body': post + encode({}),
  'a body packet with a wrong length': post + packet(FROM_FRONT, `${uint16(2)}abc`),
};
for (const [what, bytes] of Object.entries(BROKEN)) {
  test(`broken: ${what}`, () => {
    const last = read(bytes).at(-1)!;
    assert.deepEqual([last.event, last.text], ['broken', '400']);
  });
}

test('a packet of the body that was not asked for is none', () => {
  const unasked = new AjpRequestDecoder(DEFAULT_LIMITS, '');
  const head = encode({ method: 'POST' }, 9);
  const events = readEvents(unasked, [latin1(head + bodyPackets('abc', 'def'))]);
  assert.deepEqual(
    events.map(({ event }) => event),
    ['request', 'data', 'broken'],
  );
});

const anyText = fc.string({ unit: 'binary-ascii', maxLength: 12 });
const written = fc
  .record({
    fields: fc.array(fc.constantFrom('Host', 'X-A', 'Cookie', 'b', 'Content-Length', '5'), { maxLength: 6 }),
    variables: fc.array(anyText, { maxLength: 4 }),
    mappedTarget: fc.constantFrom('/', '/a?b', '/%41'),
    method: fc.constantFrom('GET', 'FROB', 'POST'),
    body: fc.array(anyText, { maxLength: 3 }),
  })
  .map(({ fields, variables, body, ...rest }) => {
    const even = <T>(list: T[]): T[] => list.slice(0, list.length & ~1);
    const size = body.join('').length;
    return encode({ ...rest, fields: even(fields), params: even(variables) }, size) + bodyPackets(...body);
  });
const spoilt = fc
  .tuple(fc.array(written, { maxLength: 2 }), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
  .map(([texts, changes]) => {
    const bytes = latin1(texts.join(''));
    for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % bytes.length] = byte;
    return bytes;
  });
const anyBytes = fc.oneof(
  { weight: 5, arbitrary: spoilt },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)) },
);

test('any split of any bytes gives the same events', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(anyBytes, cuts, (bytes, shares) => {
      const whole = readEvents(decoder(), [bytes]);
      assert.deepEqual(readEvents(decoder(), cutAt(bytes, shares)), whole);
      assert.deepEqual(readEvents(decoder(), singleBytes(bytes)), whole);
    }),
    { numRuns: 1500 },
  );
});

test('a request cut off at any byte never becomes whole', () => {
  const whole = latin1(encode({ method: 'POST' }, 5) + bodyPackets('hello'));
  for (let at = 0; at < whole.length; at++) {
    const events = readEvents(decoder(), [whole.subarray(0, at)]);
    assert.ok(
      events.every(({ event }) => event === 'request'),
      `cut at ${at}`,
    );
  }
});

test('a request that was encoded is read back', () => {
  const token = fc.string({ unit: fc.constantFrom(...'abcXYZ-'), minLength: 1, maxLength: 9 });
  const value = fc.string({ unit: fc.constantFrom(...'abc ;=é"'), maxLength: 20 }).map((text) => text.trim());
  const fields = fc.array(
    fc.tuple(
      token.map((name) => `x-${name}`),
      value,
    ),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(fields, fc.string({ maxLength: 200 }), (pairs, string) => {
      const body = Buffer.from(string).latin1Slice();
      const head = encode({ method: 'POST', fields: pairs.flat() }, body.length);
      const [request, data] = read(head + (body === '' ? '' : bodyPackets(body)));
      const given = (request!.request as { fields: string[][] }).fields;
      const length = body === '' ? [] : [['content-length', String(body.length)]];
      const lower = (list: string[][]) => list.map(([name, text]) => [name!.toLowerCase(), text]);
      assert.deepEqual(lower(given), [...lower(pairs), ...length]);
      assert.equal(body === '' ? '' : data!.text, body);
    }),
  );
});
