import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RequestRate } from './request-rate.ts';

test('the mean of the last second, ten seconds and minute, or of what there was of it', () => {
  let total = 100;
  const rate = new RequestRate(() => total);
  assert.deepEqual(rate.perSecond, [0, 0, 0]);
  rate.tick();
  assert.deepEqual(rate.perSecond, [0, 0, 0]);
  for (let second = 1; second <= 4; second++) {
    total += second;
    rate.tick();
  }
  assert.deepEqual(rate.perSecond, [4, 2.5, 2.5]);
  for (let second = 0; second < 100; second++) {
    total += second < 90 ? 6 : 12;
    rate.tick();
  }
  assert.deepEqual(rate.perSecond, [12, 12, 7]);
});
