import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SlowPaths } from './slow-paths.ts';

test('a slow path is remembered until it turns out fast', () => {
  const paths = new SlowPaths();
  assert.equal(paths.has('/report'), false);
  paths.add('/report', 0);
  assert.equal(paths.has('/report'), true);
  paths.delete('/report');
  assert.equal(paths.has('/report'), false);
});

test('old ones make room, the latest stay', () => {
  const paths = new SlowPaths();
  paths.add('/old', 0);
  paths.add('/new', 20_000);
  assert.deepEqual([paths.has('/old'), paths.has('/new')], [false, true]);
  for (let i = 0; i < 1000; i++) paths.add(`/item/${i}`, 20_000);
  assert.deepEqual([paths.has('/new'), paths.has('/item/0'), paths.has('/item/999')], [false, false, true]);
});
