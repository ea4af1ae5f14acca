import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { readResponse } from '../../../test/support/read-responses.ts';
import { FastCgiResponseDecoder } from './response-decoder.ts';
import { FastCgiResponseEncoder } from './response-encoder.ts';

const bytesOf = (...parts: readonly (string | Uint8Array)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)));

test('an answer is a CGI response in STDOUT records, and END_REQUEST', () => {
  const encoder = new FastCgiResponseEncoder(0x0102);
  const head = encoder.head(404, 'Not Found', ['A', 'b']);
  assert.equal(head, '\x01\x06\x01\x02\0\x1f\x01\0Status: 404 Not Found\r\nA: b\r\n\r\n\0');
  assert.deepEqual(encoder.body('abc'), ['\x01\x06\x01\x02\0\x03\x05\0abc\0\0\0\0\0']);
  assert.equal(encoder.end(), '\x01\x06\x01\x02\0\0\0\0\x01\x03\x01\x02\0\x08\0\0\0\0\0\0\0\0\0\0');
});

test('an empty piece of the body does not end it', () => {
  const encoder = new FastCgiResponseEncoder(1);
  assert.deepEqual([...encoder.body(''), ...encoder.body(Buffer.alloc(0))], []);
});

test('many bytes of a body are not copied', () => {
  const chunk = Buffer.alloc(10_000);
  assert.equal((new FastCgiResponseEncoder(1).body(chunk)[1] as Uint8Array).buffer, chunk.buffer);
});

test('what is written is read back', () => {
  const sizes = fc.oneof(fc.nat(40), fc.constantFrom(4096, 4097, 65_527, 65_528, 65_529, 140_000));
  fc.assert(
    fc.property(fc.array(sizes, { maxLength: 4 }), fc.boolean(), fc.nat(70_000), (list, isText, long) => {
      const encoder = new FastCgiResponseEncoder(1);
      const bodies = list.map((size) => Buffer.alloc(size, 'abcdefghi'));
      const framed = bodies.flatMap((body) => encoder.body(isText ? body.latin1Slice() : body));
      const text = bytesOf(encoder.head(200, 'OK', ['X', 'x'.repeat(long)]), ...framed, encoder.end());
      const reading = readResponse([text], {
        decoder: (limits) => new FastCgiResponseDecoder({ ...limits, headMax: 100_000 }),
      });
      assert.equal(reading.end, 'kept');
      assert.equal(reading.heads[0]!.fields[1]!.length, long);
      assert.equal(reading.body, bytesOf(...bodies).latin1Slice());
    }),
    { numRuns: 50 },
  );
});
