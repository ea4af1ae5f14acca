import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import type { AccessLogSettings } from '../../config/sections/access-log.ts';
import { logFilter } from './log-filter.ts';

const ALL: AccessLogSettings = {
  target: { kind: 'stdout' },
  format: 'common',
  statuses: [],
  slowerThanMs: 0,
  match: null,
  place: '',
};

function ended(status: number, durationMs: number): FakeExchange {
  const exchange = new FakeExchange();
  exchange.durationMs = durationMs;
  if (status === 0) exchange.leave();
  else exchange.respond(status, [], '');
  return exchange;
}

test('by status, by its class, and by time: all of them must fit', () => {
  const filter = logFilter({ ...ALL, statuses: ['404', '5xx'], slowerThanMs: 100 }, null);
  assert.equal(filter(ended(404, 100)), true);
  assert.equal(filter(ended(503, 500)), true);
  assert.equal(filter(ended(503, 99)), false);
  assert.equal(filter(ended(200, 500)), false);
  assert.equal(logFilter(ALL, null)(ended(200, 0)), true);
});

test('a client that went away has the status that is logged', () => {
  assert.equal(logFilter({ ...ALL, statuses: ['499'] }, null)(ended(0, 1)), true);
  assert.equal(logFilter({ ...ALL, statuses: ['4xx'] }, null)(ended(0, 1)), true);
});

test('by what it matches', () => {
  assert.equal(logFilter(ALL, () => false)(ended(200, 1)), false);
});
