import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cutAt } from '../../../test/support/gateway-events.ts';
import { inPieces, RESPONSE_LIMITS, readResponse } from '../../../test/support/read-responses.ts';
import type { Bytes } from '../../exchange.ts';
import type { ResponseLimits } from '../http1/response-reading.ts';
import { FROM_CONTAINER, FROM_FRONT, packet, text, uint16 } from './packets.ts';
import { AjpResponseDecoder } from './response-decoder.ts';
import { AjpResponseEncoder } from './response-encoder.ts';

const decoder = (limits: ResponseLimits) => new AjpResponseDecoder(limits);
const latin1 = (bytes: Bytes): string =>
  typeof bytes === 'string' ? bytes : Buffer.from(bytes).latin1Slice();

/** `pieceBytes`: how it is cut; 0: not at all. */
function read(answer: string, pieceBytes = 0, method = 'GET') {
  return readResponse(inPieces(answer, pieceBytes || answer.length), { decoder, method, closes: true });
}

function answer(fields: string[], body: string[], reuse = true, status = 200): string {
  const encoder = new AjpResponseEncoder(65_536);
  const head = latin1(encoder.head(status, 'OK', fields));
  const pieces = body.flatMap((piece) => encoder.body(piece)).map(latin1);
  return head + pieces.join('') + latin1(encoder.end(reuse));
}

const sent = (...payload: string[]): string => packet(FROM_CONTAINER, payload.join(''));
const END = sent('\x05\x01');
const GET_BODY = sent('\x06\x1f\xfa');
const HEAD = sent('\x04\0\xc8', text('OK'), '\0\0');

/** What Tomcat 10 writes for `Content-Type: text/plain` and "hi": the number in place of a reason, then the end. */
const TOMCAT = `${sent('\x04\0\xc8', text('200'), '\0\x01', '\xa0\x01', text('text/plain'))}${sent('\x03\0\x02hi\0')}${END}`;

test('an answer of Tomcat, in pieces of any size', () => {
  for (const pieceBytes of [0, 1, 2, 3, 7, 20]) {
    const reading = read(TOMCAT, pieceBytes);
    assert.deepEqual(reading.heads, [{ status: 200, reason: '', fields: ['Content-Type', 'text/plain'] }]);
    assert.deepEqual([reading.body, reading.end, reading.restBytes], ['hi', 'kept', 0]);
  }
});

test('a server that closes the connection says so', () => {
  assert.equal(read(answer([], ['a'], false)).end, 'closed');
});

test('the body is asked for, before and behind the head', () => {
  const reading = read(GET_BODY + GET_BODY + HEAD + GET_BODY + END);
  assert.deepEqual([reading.packetsWanted, reading.end], [3, 'kept']);
});

test('to pass on what is there is no part of the answer', () => {
  const flush = sent('\x03\0\0\0');
  const reading = read(`${flush}${HEAD}${flush}${flush}${sent('\x03\0\x01a\0')}${flush}${END}`);
  assert.deepEqual([reading.body, reading.end], ['a', 'kept']);
});

test('an answer to HEAD, and one that has none, tells a length without a body', () => {
  assert.equal(read(answer(['Content-Length', '5'], []), 0, 'HEAD').end, 'kept');
  assert.equal(read(answer(['Content-Length', '5'], [], true, 304)).end, 'kept');
});

test('a body that may not be there is dropped', () => {
  const reading = read(answer(['Content-Length', '5'], ['hello']), 0, 'HEAD');
  assert.deepEqual([reading.body, reading.end], ['', 'kept']);
});

const field = (name: string, value: string): string =>
  sent('\x04\0\xc8', text('OK'), '\0\x01', text(name), text(value));
const BROKEN: Record<string, string> = {
  'another protocol': 'HTTP/1.1 200 OK\r\n\r\n',
  'a request': packet(FROM_FRONT, '\x0a'),
  'an empty packet': sent(''),
  'a body before the head': sent('\x03\0\x01a\0'),
  'the end before the head': END,
  'two heads': HEAD + HEAD,
  'an unknown kind': HEAD + sent('\x07'),
  'a head cut off': sent('\x04\0\xc8\0'),
  'a head with something behind it': sent('\x04\0\xc8', text('OK'), '\0\0\0'),
  'an unknown code of a name': sent('\x04\0\xc8', text('OK'), '\0\x01\xa0\x20', text('a')),
  'a line break in a field': field('X', 'a\r\nSet-Cookie: b'),
  'a line break in a name': field('X\r\nY', 'a'),
  'a line break in the reason': sent('\x04\0\xc8', text('OK\r\nX: y'), '\0\0'),
  'a status that is none': sent('\x04\0\x20', text('OK'), '\0\0'),
  'an interim status': sent('\x04\0\x65', text('Switching Protocols'), '\0\0'),
  'many fields': sent('\x04\0\xc8', text('OK'), '\xff\xff'),
  'two lengths': answer(['Content-Length', '1', 'Content-Length', '1'], ['a']),
  'a coding': answer(['Transfer-Encoding', 'chunked'], ['a']),
  'more of a body than declared': answer(['Content-Length', '1'], ['ab']),
  'less of a body than declared': answer(['Content-Length', '3'], ['ab']),
  'a body of no bytes with some': answer(['Content-Length', '0'], ['a']),
  'a piece with a wrong length': HEAD + sent('\x03\0\x01abc'),
  'a question cut off': sent('\x06\0'),
  'an end cut off': HEAD + sent('\x05'),
  'an answer that stops before the head': sent('\x06\x1f\xfa'),
  'an answer that stops': HEAD,
};
for (const [what, bytes] of Object.entries(BROKEN)) {
  test(`broken: ${what}`, () => {
    const reading = read(bytes);
    assert.equal(reading.end, 'broken');
    assert.ok(reading.fault !== null && reading.fault !== '');
    assert.deepEqual(read(bytes, 1).fault, reading.fault);
  });
}

test('what comes behind an answer, nobody has asked for', () => {
  const parser = decoder(RESPONSE_LIMITS);
  parser.expect('GET');
  parser.push(Buffer.from(TOMCAT + TOMCAT, 'latin1'));
  const events = Array.from({ length: 4 }, () => parser.next());
  assert.deepEqual(events, ['head', 'data', 'end', 'broken']);
});

test('a head beyond the limit is not taken', () => {
  const limits = { headMax: 100, fieldsMax: 2 };
  const long = answer(['X', 'a'.repeat(100)], []);
  assert.equal(readResponse([Buffer.from(long, 'latin1')], { decoder, limits }).end, 'broken');
  assert.equal(
    readResponse([Buffer.from(answer(['X', 'a'], []), 'latin1')], { decoder, limits }).end,
    'kept',
  );
});

const value = fc
  .string({ unit: fc.constantFrom(...'abc ;=\xe9'), maxLength: 12 })
  .map((string) => string.trim());
const written = fc
  .tuple(fc.array(value, { maxLength: 3 }), fc.array(fc.string({ unit: 'binary-ascii' }), { maxLength: 3 }))
  .map(([values, body]) => ({ fields: values.flatMap((one) => ['Set-Cookie', one]), body }));

test('an answer that was encoded is read back, however it is cut', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(written, cuts, ({ fields, body }, shares) => {
      const whole = Buffer.from(answer(fields, body), 'latin1');
      const reading = readResponse(cutAt(whole, shares), { decoder });
      assert.deepEqual(reading.heads, [{ status: 200, reason: 'OK', fields }]);
      assert.deepEqual([reading.body, reading.end, reading.restBytes], [body.join(''), 'kept', 0]);
    }),
  );
});

test('any split of spoilt bytes gives the same reading', () => {
  const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 });
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(written, changes, cuts, ({ fields, body }, spoils, shares) => {
      const bytes = Buffer.from(GET_BODY + answer(fields, body) + uint16(0), 'latin1');
      for (const [at, byte] of spoils) bytes[at % bytes.length] = byte;
      const options = { decoder, closes: true };
      const whole = readResponse([Buffer.from(bytes)], options);
      assert.deepEqual(readResponse(cutAt(bytes, shares), options), whole);
      assert.deepEqual(readResponse(inPieces(bytes.latin1Slice(), 1), options), whole);
    }),
    { numRuns: 1500 },
  );
});
