import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutAt, readEvents } from '../../../test/support/gateway-events.ts';
import { DEFAULT_LIMITS, singleBytes } from '../../../test/support/read-requests.ts';
import { ScgiRequestDecoder } from './request-decoder.ts';

/** The example of the specification. */
const EXAMPLE =
  '70:CONTENT_LENGTH\0' +
  '27\0SCGI\x001\0REQUEST_METHOD\0POST\0REQUEST_URI\0/deepthought\0,What is the answer to life?';

const LIMITS = { ...DEFAULT_LIMITS, limitRequestHead: 400, limitRequestFields: 3 };

function netstring(...environ: string[]): string {
  const text = environ.map((item) => `${item}\0`).join('');
  return `${text.length}:${text},`;
}

function read(...texts: string[]) {
  return readEvents(
    new ScgiRequestDecoder(LIMITS),
    texts.map((text) => Buffer.from(text, 'latin1')),
  );
}

test('the example of the specification is read', () => {
  const [request, body, end, ...more] = read(EXAMPLE);
  assert.deepEqual(
    [request!.event, body!.event, body!.text, end!.event, more],
    ['request', 'data', 'What is the answer to life?', 'end', []],
  );
  const { method, path, contentLength, fields } = request!.request as Record<string, unknown>;
  assert.deepEqual([method, path, contentLength], ['POST', '/deepthought', 27]);
  assert.deepEqual(fields, [['Content-Length', '27']]);
});

test('a request without a body ends at once, and what follows it is thrown away', () => {
  const head = netstring('CONTENT_LENGTH', '0', 'SCGI', '1', 'REQUEST_METHOD', 'GET', 'REQUEST_URI', '/');
  assert.deepEqual(
    read(head, 'GET / HTTP/1.1\r\n').map(({ event }) => event),
    ['request', 'end'],
  );
});

test('a request cut off at any byte never becomes whole', () => {
  for (let at = 0; at < EXAMPLE.length; at++) {
    const events = read(EXAMPLE.slice(0, at));
    assert.ok(
      events.every(({ event }) => event === 'request' || event === 'data'),
      `cut at ${at}`,
    );
  }
});

const BROKEN: Record<string, [string, number]> = {
  'no netstring': ['GET / HTTP/1.1\r\n\r\n', 400],
  'a length with a sign': ['+5:', 400],
  'an empty length': [':,', 400],
  'a length that begins with 0': ['070:', 400],
  'an endless length': ['1'.repeat(10), 400],
  'a head beyond the limit, before it comes': ['401:', 431],
  'no comma': ['1:\0;', 400],
  'no NUL at the end': ['16:CONTENT_LENGTH\x000,', 400],
  'a name without a value': [netstring('CONTENT_LENGTH', '0', 'SCGI'), 400],
  'CONTENT_LENGTH not first': [netstring('SCGI', '1', 'CONTENT_LENGTH', '0'), 400],
  'no SCGI': [netstring('CONTENT_LENGTH', '0', 'REQUEST_METHOD', 'GET'), 400],
  'another SCGI': [netstring('CONTENT_LENGTH', '0', 'SCGI', '2'), 400],
  'SCGI twice': [netstring('CONTENT_LENGTH', '0', 'SCGI', '1', 'SCGI', '1'), 400],
  'CONTENT_LENGTH twice': [netstring('CONTENT_LENGTH', '0', 'SCGI', '1', 'CONTENT_LENGTH', '0'), 400],
  'a negative CONTENT_LENGTH': [netstring('CONTENT_LENGTH', '-1', 'SCGI', '1'), 400],
  'an empty CONTENT_LENGTH': [netstring('CONTENT_LENGTH', '', 'SCGI', '1'), 400],
};
for (const [what, [text, status]] of Object.entries(BROKEN)) {
  test(`broken: ${what}`, () => {
    for (const pieces of [[text], [...text]]) {
      const last = read(...pieces).at(-1)!;
      assert.deepEqual([last.event, last.text], ['broken', String(status)]);
    }
  });
}

test('variables that are no request are refused, once', () => {
  const head = netstring('CONTENT_LENGTH', '5', 'SCGI', '1', 'REQUEST_METHOD', 'get', 'REQUEST_URI', '/');
  assert.deepEqual(
    read(head, 'hello').map(({ event, text }) => [event, text]),
    [['refused', '400']],
  );
});

const environ = fc.array(fc.tuple(fc.constantFrom('HTTP_A', 'REMOTE_USER', 'X'), fc.string()), {
  maxLength: 4,
});
const written = fc.tuple(environ, fc.string({ maxLength: 40 })).map(([pairs, body]) => {
  const bytes = Buffer.from(body).latin1Slice();
  const own = ['REQUEST_METHOD', 'POST', 'REQUEST_URI', '/p'];
  const text = pairs.flat().map((item) => Buffer.from(item.replaceAll('\0', '')).latin1Slice());
  return netstring('CONTENT_LENGTH', String(bytes.length), 'SCGI', '1', ...own, ...text) + bytes;
});
const spoilt = fc
  .tuple(written, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }))
  .map(([text, changes]) => {
    const bytes = Buffer.from(text, 'latin1');
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return bytes;
  });
const anyBytes = fc.oneof(
  spoilt,
  fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
);

test('any split of any bytes gives the same events', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(anyBytes, cuts, (bytes, shares) => {
      const whole = readEvents(new ScgiRequestDecoder(LIMITS), [bytes]);
      assert.deepEqual(readEvents(new ScgiRequestDecoder(LIMITS), cutAt(bytes, shares)), whole);
      assert.deepEqual(readEvents(new ScgiRequestDecoder(LIMITS), singleBytes(bytes)), whole);
    }),
    { numRuns: 1000 },
  );
});
