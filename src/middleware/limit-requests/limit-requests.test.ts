import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import type { LimitRequestsSettings } from '../../config/sections/limit-requests.ts';
import type { Exchange } from '../../exchange.ts';
import { createLog } from '../../telemetry/log.ts';
import { limitRequests } from './limit-requests.ts';

const settings: LimitRequestsSettings = {
  rate: 1_000,
  burst: 0,
  delayAfter: 0,
  key: '{remote-address}',
  keysMax: 1_000,
  status: 429,
  dryRun: false,
  place: 'vivarium.toml:3: limit-requests',
};

/** A limit with what it lets through and what it logs. */
function limited(changes: Partial<LimitRequestsSettings> = {}) {
  const served: Exchange[] = [];
  const lines: string[] = [];
  const log = createLog('test', 'info', (line) => lines.push(line.replace(/^.*?\[test\] /, '').trim()));
  const handle = limitRequests(
    { ...settings, ...changes },
    { log },
  )((exchange) => {
    served.push(exchange);
    exchange.respond(200, [], 'served');
  });
  const ask = (request: FakeRequest = {}) => {
    const exchange = new FakeExchange(request);
    handle(exchange);
    return exchange;
  };
  return { ask, served, lines };
}

test('what comes too fast is refused and told when to come again', () => {
  const { ask } = limited();
  assert.equal(ask().status, 200);
  const refused = ask();
  assert.equal(refused.status, 429);
  assert.equal(refused.field('Retry-After'), '1');
  assert.equal(refused.field('Cache-Control'), 'no-store');
  assert.equal(ask({ remoteAddress: '192.0.2.8' }).status, 200);
});

test('Retry-After is the time until a request would be admitted', () => {
  const { ask } = limited({ rate: 1_000 / 60, status: 503 });
  ask();
  const refused = ask();
  assert.equal(refused.status, 503);
  assert.equal(refused.field('Retry-After'), '60');
});

test('a client with IPv6 is its network', () => {
  const { ask } = limited();
  assert.equal(ask({ remoteAddress: '2001:db8::1' }).status, 200);
  assert.equal(ask({ remoteAddress: '2001:db8::ffff:2' }).status, 429);
  assert.equal(ask({ remoteAddress: '2001:db8:0:1::1' }).status, 200);
});

test('another key, and requests without one', () => {
  const { ask } = limited({ key: '{header.x-token}' });
  assert.equal(ask({ fields: { 'X-Token': 'a' } }).status, 200);
  assert.equal(ask({ fields: { 'X-Token': 'a' } }).status, 429);
  assert.equal(ask({ fields: { 'X-Token': 'b' } }).status, 200);
  assert.equal(ask().status, 200);
  assert.equal(ask().status, 200);
});

test('a client on a Unix socket has no address, and no limit', () => {
  const { ask } = limited();
  assert.deepEqual([ask({ remoteAddress: '' }).status, ask({ remoteAddress: '' }).status], [200, 200]);
});

test('a dry run refuses nothing', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { ask, lines } = limited({ dryRun: true });
  assert.deepEqual([ask().status, ask().status], [200, 200]);
  t.mock.timers.tick(1_000);
  assert.match(lines[0]!, /would have refused 1 within a second/);
});

test('a request of the burst waits for its turn', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { ask } = limited({ burst: 1 });
  ask();
  const late = ask();
  assert.equal(late.status, 0);
  t.mock.timers.tick(1_000);
  assert.equal(late.status, 200);
  assert.equal(late.onGone, null);
});

test('a client that goes while it waits is not served', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { ask, served } = limited({ burst: 1 });
  ask();
  ask().onGone!();
  t.mock.timers.tick(60_000);
  assert.equal(served.length, 1);
});

test('a flood leaves one line a second', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { ask, lines } = limited();
  for (let i = 0; i < 1_001; i++) ask();
  assert.deepEqual(lines, []);
  t.mock.timers.tick(1_000);
  ask();
  assert.deepEqual(lines, [
    'requests-limited: vivarium.toml:3: limit-requests: refused 1000 within a second, the last of "192.0.2.7"',
  ]);
  t.mock.timers.tick(1_000);
  assert.equal(lines.length, 2);
});
