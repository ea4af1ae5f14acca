import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseH2load } from './h2load.ts';

const output = (counts: string) => `starting benchmark...
finished in 1.00s, 48123.50 req/s, 1.82MB/s
requests: ${counts}, 0 timeout
status codes: 48123 2xx, 0 3xx, 0 4xx, 0 5xx
`;
const GOOD = '48123 total, 48187 started, 48123 done, 48123 succeeded, 0 failed, 0 errored';
const log = (times: number[]) => times.map((time) => `1700000000000000\t200\t${time}\n`).join('');

test('reads the counts of h2load, and percentiles from its log', () => {
  const times = Array.from({ length: 100 }, (_, n) => 100 * (100 - n));
  assert.deepEqual(parseH2load(output(GOOD), log(times)), {
    requests: 48123,
    requestsPerSecond: 48123.5,
    p50Ms: 5.1,
    p99Ms: 10,
    problems: [],
  });
});

test('requests that were not answered make the figures worthless', () => {
  const bad = GOOD.replace('0 failed, 0 errored', '3 failed, 2 errored');
  assert.deepEqual(parseH2load(output(bad), log([1])).problems, ['3 failed, 2 errored']);
  const none = '0 total, 64 started, 0 done, 0 succeeded, 0 failed, 0 errored';
  assert.deepEqual(parseH2load(output(none), '').problems, ['no request was answered']);
  assert.throws(() => parseH2load('could not resolve', ''), /printed no result: could not resolve/);
});
