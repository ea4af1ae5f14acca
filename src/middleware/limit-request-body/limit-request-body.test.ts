import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import type { BodyStream, RequestBody } from '../../exchange.ts';
import { limitRequestBody } from './limit-request-body.ts';

function bodyOf(size: number, stream?: Partial<BodyStream>): RequestBody {
  return { size, stream: stream as BodyStream, inMemory: null, read: () => {}, discard: () => {} };
}

/** The status, or the limit that the handler finds. */
function outcome(max: number, body: RequestBody | null): number | undefined {
  const exchange = new FakeExchange();
  Object.assign(exchange, { body });
  let found: number | undefined = 200;
  limitRequestBody({ max })((next) => {
    found = next.body?.stream?.limit ?? 200;
  })(exchange);
  return exchange.status === 0 ? found : exchange.status;
}

test('what is known to be too large is refused', () => {
  assert.equal(outcome(10, bodyOf(11)), 413);
  assert.equal(outcome(10, bodyOf(11, { limit: 100 })), 413);
  assert.equal(outcome(10, bodyOf(10)), 200);
  assert.equal(outcome(0, bodyOf(2 ** 40)), 200);
  assert.equal(outcome(10, null), 200);
});

test('what arrives has the limit while it is read, also one above that of the server', () => {
  assert.equal(outcome(10, bodyOf(-1, { limit: 5 })), 10);
  assert.equal(outcome(10, bodyOf(8, { limit: 5 })), 10);
  assert.equal(outcome(0, bodyOf(-1, { limit: 5 })), 0);
});
