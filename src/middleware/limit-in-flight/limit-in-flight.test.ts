import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import type { LimitInFlightSettings } from '../../config/sections/limit-in-flight.ts';
import { createLog } from '../../telemetry/log.ts';
import { limitInFlight } from './limit-in-flight.ts';

const settings: LimitInFlightSettings = {
  max: 2,
  key: '{remote-address}',
  status: 429,
  dryRun: false,
  place: 'vivarium.toml:3: limit-in-flight',
};

/** Requests stay under way until the test answers them. */
function limited(changes: Partial<LimitInFlightSettings> = {}) {
  const log = createLog('test', 'error', () => {});
  const handle = limitInFlight({ ...settings, ...changes }, { log })(() => {});
  return (request: FakeRequest = {}) => {
    const exchange = new FakeExchange(request);
    handle(exchange);
    return exchange;
  };
}

test('a client may have so many requests under way, and one more when one has ended', () => {
  const ask = limited();
  const [first, second] = [ask(), ask()];
  assert.deepEqual([first.status, second.status], [0, 0]);
  const refused = ask();
  assert.equal(refused.status, 429);
  assert.equal(refused.field('Retry-After'), '1');
  assert.equal(ask({ remoteAddress: '192.0.2.8' }).status, 0);
  first.respond(200, [], '');
  assert.equal(ask().status, 0);
  assert.equal(ask().status, 429);
});

test('a request whose client has gone is under way no longer', () => {
  const ask = limited({ max: 1 });
  ask().leave();
  assert.equal(ask().status, 0);
});

test('whoever waits for the end of a request is still told', () => {
  const log = createLog('test', 'error', () => {});
  const handle = limitInFlight(settings, { log })((exchange) => exchange.respond(200, [], ''));
  const exchange = new FakeExchange();
  let told = 0;
  exchange.onFinished = () => told++;
  handle(exchange);
  assert.equal(told, 1);
});

test('a dry run refuses nothing and counts on', () => {
  const ask = limited({ max: 1, dryRun: true });
  const [first, second] = [ask(), ask()];
  assert.deepEqual([first.status, second.status], [0, 0]);
  first.respond(200, [], '');
  second.respond(200, [], '');
  assert.equal(ask().status, 0);
});
