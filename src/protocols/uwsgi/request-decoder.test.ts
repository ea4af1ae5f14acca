import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutAt, readEvents } from '../../../test/support/gateway-events.ts';
import { DEFAULT_LIMITS, singleBytes } from '../../../test/support/read-requests.ts';
import { packetHeader, variable } from './packets.ts';
import { UwsgiRequestDecoder } from './request-decoder.ts';

const LIMITS = { ...DEFAULT_LIMITS, limitRequestHead: 400, limitRequestFields: 3 };

function packet(environ: readonly string[], modifier1 = 0): string {
  let block = '';
  for (let i = 0; i < environ.length; i += 2) block += variable(environ[i]!, environ[i + 1]!);
  return packetHeader(modifier1, block.length) + block;
}

function read(...texts: string[]) {
  return readEvents(
    new UwsgiRequestDecoder(LIMITS),
    texts.map((text) => Buffer.from(text, 'latin1')),
  );
}

const GET = ['REQUEST_METHOD', 'GET', 'REQUEST_URI', '/p?q', 'PATH_INFO', '/p', 'CONTENT_LENGTH', ''];
const POST = ['REQUEST_METHOD', 'POST', 'REQUEST_URI', '/p', 'CONTENT_LENGTH', '27'];
const WRITTEN = `${packet(POST)}What is the answer to life?`;

test('a request as nginx writes it is read, byte for byte', () => {
  const [request, body, end, ...more] = read(
    `\0\x4a\0\0\x0e\0REQUEST_METHOD\x04\0POST\x0b\0REQUEST_URI\x02\0/p\x09\0PATH_INFO\x02\0/p\x0e\0CONTENT_LENGTH\x02\x0027What is the answer to life?`,
  );
  assert.deepEqual(
    [request!.event, body!.event, body!.text, end!.event, more],
    ['request', 'data', 'What is the answer to life?', 'end', []],
  );
  const { method, path, contentLength } = request!.request as Record<string, unknown>;
  assert.deepEqual([method, path, contentLength], ['POST', '/p', 27]);
});

test('a request without a body ends at once, and what follows it is thrown away', () => {
  assert.deepEqual(
    read(packet(GET), packet(GET)).map(({ event }) => event),
    ['request', 'end'],
  );
});

test('a ping is answered', () => {
  assert.deepEqual(
    read('d\0\0\0').map(({ event, text }) => [event, text]),
    [['reply', 'd\0\0\x01']],
  );
});

test('modifier1 = 30 takes SCRIPT_NAME off PATH_INFO', () => {
  const environ = ['REQUEST_METHOD', 'GET', 'REQUEST_URI', '/app/x%20y', 'PATH_INFO', '/app/x y'];
  const [request] = read(packet([...environ, 'SCRIPT_NAME', '/app'], 30));
  const { scriptName, path, decodedPath } = request!.request as Record<string, unknown>;
  assert.deepEqual([scriptName, path, decodedPath], ['/app', '/x%20y', '/x y']);
});

const REFUSED: Record<string, [string, number]> = {
  'a request for Perl': [packet(GET, 5), 501],
  'code to be run': [packet(['', 'print(1)'], 22), 501],
  'a call of a function': [packet(GET, 173), 501],
  HTTP: ['GET / HTTP/1.1\r\n\r\n', 501],
  'TLS, of which one byte is there': ['\x16', 501],
  'a packet beyond the limit, before it comes': [packetHeader(0, 401), 431],
  'a packet as long as can be': [packetHeader(0, 65_535), 431],
  'a variable that ends behind the packet': [`${packetHeader(0, 4)}\x01\0aa`, 400],
  'a field too many': [packet([...GET, 'HTTP_A', '', 'HTTP_B', '', 'HTTP_C', '', 'HTTP_D', '']), 431],
  'no method': [packet(['REQUEST_URI', '/']), 400],
  'no variables': [packetHeader(0, 0), 400],
  'two lengths': [packet([...POST, 'CONTENT_LENGTH', '28']), 400],
};
for (const [what, [text, status]] of Object.entries(REFUSED)) {
  test(`refused: ${what}`, () => {
    for (const pieces of [[text, 'more'], [...text]])
      assert.deepEqual(
        read(...pieces).map(({ event, text: found }) => [event, found]),
        [['refused', String(status)]],
      );
  });
}

test('a request cut off at any byte never becomes whole', () => {
  for (let at = 0; at < WRITTEN.length; at++)
    assert.ok(
      read(WRITTEN.slice(0, at)).every(({ event }) => event === 'request' || event === 'data'),
      `cut at ${at}`,
    );
});

const spoilt = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }).map((changes) => {
  const bytes = Buffer.from(WRITTEN, 'latin1');
  for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
  return bytes;
});
const anyBytes = fc.oneof(
  spoilt,
  fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from([0, ...array])),
);

test('any split of any bytes gives the same events', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(anyBytes, cuts, (bytes, shares) => {
      const whole = readEvents(new UwsgiRequestDecoder(LIMITS), [bytes]);
      assert.deepEqual(readEvents(new UwsgiRequestDecoder(LIMITS), cutAt(bytes, shares)), whole);
      assert.deepEqual(readEvents(new UwsgiRequestDecoder(LIMITS), singleBytes(bytes)), whole);
    }),
    { numRuns: 1000 },
  );
});
