import assert from 'node:assert/strict';
import { test } from 'node:test';
import { duration } from './units.ts';

test('times are short', () => {
  const times = [0, 9999, 10_000, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000, 1e9];
  assert.deepEqual(times.map(duration), [
    '0.0s',
    '9.9s',
    '10s',
    '59s',
    '1m00s',
    '59m59s',
    '1h00m',
    '23h59m',
    '1d00h',
    '11d13h',
  ]);
});
