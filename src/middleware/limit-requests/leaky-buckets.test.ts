import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type BucketSettings, LeakyBuckets } from './leaky-buckets.ts';

const tenASecond: BucketSettings = { rate: 10_000, burst: 0, delayAfter: 0, keysMax: 100 };

/** What becomes of requests of one client at these times: the delay in ms, or `no:` and when to come again. */
function verdicts(settings: BucketSettings, times: readonly number[]): (number | string)[] {
  const buckets = new LeakyBuckets(settings);
  return times.map((now) => {
    const verdict = buckets.take('client', now);
    return verdict.admitted ? verdict.delayMs : `no:${verdict.retryMs}`;
  });
}

test('without a burst, requests must be as far apart as the rate says, to the millisecond', () => {
  assert.deepEqual(verdicts(tenASecond, [0, 99, 100, 150, 199, 200]), [0, 'no:1', 0, 'no:50', 'no:1', 0]);
});

test('what is refused does not count', () => {
  assert.deepEqual(verdicts(tenASecond, [0, 10, 20, 30, 100]), [0, 'no:90', 'no:80', 'no:70', 0]);
});

test('a burst waits for its turn, and what is above it is refused', () => {
  const settings = { ...tenASecond, burst: 3 };
  assert.deepEqual(verdicts(settings, [0, 0, 0, 0, 0, 0, 100]), [0, 100, 200, 300, 'no:100', 'no:100', 300]);
});

test('a delay lets the first of a burst go at once', () => {
  const settings = { ...tenASecond, burst: 3, delayAfter: 2 };
  assert.deepEqual(verdicts(settings, [0, 0, 0, 0, 0]), [0, 0, 0, 100, 'no:100']);
});

test('nodelay lets the whole burst go at once, and its places come back at the rate', () => {
  const settings = { ...tenASecond, burst: 2, delayAfter: null };
  assert.deepEqual(verdicts(settings, [0, 0, 0, 0, 100, 100]), [0, 0, 0, 'no:100', 0, 'no:100']);
});

test('a rate of two a minute', () => {
  const settings = { ...tenASecond, rate: 2_000 / 60 };
  assert.deepEqual(verdicts(settings, [0, 29_999, 30_000]), [0, 'no:1', 0]);
});

test('each key has a bucket of its own', () => {
  const buckets = new LeakyBuckets(tenASecond);
  assert.equal(buckets.take('a', 0).admitted, true);
  assert.equal(buckets.take('b', 0).admitted, true);
  assert.equal(buckets.take('a', 0).admitted, false);
});

test('a flood of keys costs no memory, and does not free a client that goes on', () => {
  const buckets = new LeakyBuckets({ ...tenASecond, keysMax: 100 });
  buckets.take('busy', 0);
  for (let i = 0; i < 1_000; i++) {
    buckets.take(`stranger ${i}`, 1);
    assert.equal(buckets.take('busy', 1).admitted, false);
  }
  assert.equal(buckets.size, 100);
});
