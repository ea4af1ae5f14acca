import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../test/support/fake-exchange.ts';
import { countedBefore, countsNow, IN_FLIGHT, REQUESTS } from './counted-once.ts';

test('all limits on one way count a request', () => {
  const exchange = new FakeExchange();
  assert.deepEqual(
    [REQUESTS, REQUESTS, IN_FLIGHT, IN_FLIGHT].map((kind) => countsNow(exchange, kind)),
    [true, true, true, true],
  );
});

test('after a redirect only limits of a kind that has not counted it before do', () => {
  const exchange = new FakeExchange();
  countsNow(exchange, REQUESTS);
  exchange.counted = countedBefore(exchange.counted);
  assert.equal(countsNow(exchange, REQUESTS), false);
  assert.equal(countsNow(exchange, IN_FLIGHT), true);
  assert.equal(countsNow(exchange, IN_FLIGHT), true, 'another one on the same way');
});

test('what has counted it stays known through further redirects', () => {
  const exchange = new FakeExchange();
  countsNow(exchange, IN_FLIGHT);
  for (let redirects = 0; redirects < 3; redirects++) exchange.counted = countedBefore(exchange.counted);
  assert.equal(countsNow(exchange, IN_FLIGHT), false);
  assert.equal(countsNow(exchange, REQUESTS), true);
});
