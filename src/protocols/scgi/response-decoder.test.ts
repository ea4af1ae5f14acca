import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inPieces, readResponse } from '../../../test/support/read-responses.ts';
import { ScgiResponseDecoder } from './response-decoder.ts';

test('the answer of the specification', () => {
  const answer = 'Status: 200 OK\r\nContent-Type: text/plain\r\n\r\n42';
  const decoder = (limits: ConstructorParameters<typeof ScgiResponseDecoder>[0]) =>
    new ScgiResponseDecoder(limits);
  const reading = readResponse(inPieces(answer, 5), { decoder, closes: true });
  assert.deepEqual(reading.heads, [{ status: 200, reason: 'OK', fields: ['Content-Type', 'text/plain'] }]);
  assert.equal(reading.body, '42');
  assert.equal(reading.end, 'closed');
});
