import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Allowance } from './allowance.ts';

test('a burst, and then what grows back', () => {
  const allowance = new Allowance(3, 10, 1_000);
  const take = (now: number) => allowance.take(now);
  assert.deepEqual([1_000, 1_000, 1_000, 1_000, 1_050].map(take), [true, true, true, false, false]);
  assert.deepEqual([1_100, 1_100].map(take), [true, false]);
  // Never more than the burst.
  assert.deepEqual([60_000, 60_000, 60_000, 60_000].map(take), [true, true, true, false]);
});
