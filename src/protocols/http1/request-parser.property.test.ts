import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  bytes,
  DEFAULT_LIMITS,
  pairs,
  readRequests,
  singleBytes,
  summary,
} from '../../../test/support/read-requests.ts';
import { spoiltBytes, validRequest } from '../../../test/support/request-grammar.ts';
import { RequestParser } from './request-parser.ts';

/** Small enough for generated requests to pass them now and then. */
const TIGHT_LIMITS = {
  limitRequestLine: 24,
  limitRequestFields: 4,
  limitRequestFieldSize: 28,
  limitRequestHead: 90,
};

const anyBytes = fc.oneof(
  { weight: 4, arbitrary: spoiltBytes.map(bytes) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }).map((array) => Buffer.from(array)) },
);
const anyLimits = fc.constantFrom(DEFAULT_LIMITS, TIGHT_LIMITS);

function* cutAt(buffer: Buffer, shares: number[]): Generator<Buffer> {
  let from = 0;
  for (const at of shares.map((share) => Math.floor(share * buffer.length)).sort((a, b) => a - b)) {
    if (at > from) yield Buffer.from(buffer.subarray(from, at));
    from = Math.max(from, at);
  }
  if (from < buffer.length) yield Buffer.from(buffer.subarray(from));
}

test('any split of any bytes gives the same requests and the same refusal', () => {
  const cuts = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 6 });
  fc.assert(
    fc.property(anyBytes, anyLimits, cuts, (buffer, limits, shares) => {
      const whole = summary(readRequests([buffer], limits));
      assert.deepEqual(summary(readRequests(cutAt(buffer, shares), limits)), whole);
      assert.deepEqual(summary(readRequests(singleBytes(buffer), limits)), whole);
    }),
    { numRuns: 1500 },
  );
});

test('a valid request is read back as it was written', () => {
  fc.assert(
    fc.property(fc.array(validRequest, { minLength: 1, maxLength: 3 }), (written) => {
      const { requests, end } = readRequests([bytes(written.map((request) => request.text).join(''))]);
      assert.equal(end, 'between-requests');
      const read = requests.map(({ head, body, trailers }) => ({
        ...{ method: head.method, target: head.target, version: head.version },
        fields: pairs(head.block.fields),
        ...{ body, trailers },
      }));
      const lower = (fields: string[][]) => fields.map(([name, value]) => [name!.toLowerCase(), value]);
      const expected = written.map(({ text: _, fields, trailers, ...rest }) => ({
        ...rest,
        fields: lower(fields),
        trailers: lower(trailers),
      }));
      assert.deepEqual(read, expected);
    }),
    { numRuns: 1000 },
  );
});

test('what is kept of an incomplete request never grows beyond the limits', () => {
  // A head that is accepted so far, with room for the line break in the middle of which it may have been cut.
  const most = TIGHT_LIMITS.limitRequestHead + 3;
  fc.assert(
    fc.property(anyBytes, (buffer) => {
      const parser = new RequestParser(TIGHT_LIMITS);
      for (const piece of singleBytes(buffer)) {
        parser.push(piece);
        while (!['need-data', 'refused'].includes(parser.next()));
        assert.ok(parser.pending <= most, `${parser.pending} bytes pending`);
        if (parser.refusal !== null) assert.equal(parser.pending, 0);
      }
    }),
    { numRuns: 500 },
  );
});

test('an endless head, chunk line or trailer section is refused', () => {
  const chunked = 'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n';
  const endless: Record<string, [start: string, again: string]> = {
    'request line': ['GET /', 'a'],
    field: ['GET / HTTP/1.1\r\nA: ', 'a'],
    fields: ['GET / HTTP/1.1\r\n', 'A: 1\r\n'],
    'empty lines': ['', '\r\n'],
    'chunk size': [chunked, '0'],
    'chunk extension': [`${chunked}0;`, 'a'],
    trailer: [`${chunked}0\r\nA: `, 'a'],
    trailers: [`${chunked}0\r\n`, 'A: 1\r\n'],
  };
  for (const [what, [start, again]] of Object.entries(endless)) {
    const { end } = readRequests([bytes(start), ...Array(70_000).fill(bytes(again))]);
    assert.equal(typeof end, 'number', what);
  }
});
