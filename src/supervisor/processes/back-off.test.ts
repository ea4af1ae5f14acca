import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backOffMs, failuresAfter } from './back-off.ts';

test('the first restart is at once, the following ones wait 1 s, 2 s, 4 s … 30 s', () => {
  const waits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 50].map((failures) => backOffMs(failures, 0));
  assert.deepEqual(waits, [0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
});

test('jitter only shortens, by a quarter at most, and never below one second', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 2000 }),
      fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      (n, random) => {
        const full = backOffMs(n, 0);
        const wait = backOffMs(n, random);
        assert.ok(wait <= full && wait >= full * 0.75 && wait >= 1000);
      },
    ),
  );
});

test('a death after a long life starts the count again', () => {
  assert.equal(failuresAfter(6, 10_000), 1);
  assert.equal(failuresAfter(6, 9_999), 7);
  assert.equal(failuresAfter(6, null), 7);
});
