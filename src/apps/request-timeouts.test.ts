/** request-timeout-at: the longest prefix wins, at the borders of segments. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ApplicationSettings } from '../config/configuration.ts';
import { RequestTimeouts } from './request-timeouts.ts';

function timeouts(requestTimeoutMs: number, at: Readonly<Record<string, number>> = {}): RequestTimeouts {
  const requestTimeoutsAt = Object.entries(at).map(([url, timeoutMs]) => ({ url, timeoutMs }));
  return new RequestTimeouts({ requestTimeoutMs, requestTimeoutsAt } as unknown as ApplicationSettings);
}

test('the longest prefix of the path decides, else request-timeout', () => {
  const found = timeouts(60_000, { '/reports': 300_000, '/reports/quick': 5000, '/stream': 0 });
  for (const [path, ms] of [
    ['/', 60_000],
    ['/reports', 300_000],
    ['/reports/7', 300_000],
    ['/reports/quick/7', 5000],
    ['/reports/quicker', 300_000],
    ['/reportsx', 60_000],
    ['/x/../reports//quick', 5000],
    ['/stream', 0],
    ['*', 60_000],
  ] as const)
    assert.equal(found.of(path).ms, ms, path);
  assert.equal(found.of('/reports').text, 'request-timeout-at /reports 300 s');
  assert.equal(found.leastMs, 5000);
});

test('a prefix for all paths', () => {
  assert.equal(timeouts(60_000, { '/': 1500 }).of('/x').text, 'request-timeout-at / 1.5 s');
});

test('nothing is looked for when no request has a limit', () => {
  assert.equal(timeouts(0).leastMs, 0);
  assert.equal(timeouts(0, { '/stream': 0 }).leastMs, 0);
  assert.equal(timeouts(0, { '/x': 7000 }).leastMs, 7000);
});
