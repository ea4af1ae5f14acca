import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Turns } from './turns.ts';

test('one at a time, in order, and those who wait for the same share it', async () => {
  const turns = new Turns<number>();
  const log: string[] = [];
  const first = Promise.withResolvers<number>();
  const one = turns.take('a', () => first.promise);
  await nextTurn();
  const action = (name: string, value: number) => async () => {
    log.push(name);
    return value;
  };
  const two = turns.take('a', action('two', 2));
  assert.equal(turns.take('a', action('not run', 0)), two);
  const three = turns.take('b', action('three', 3));
  await nextTurn();
  assert.deepEqual(log, []);
  first.resolve(1);
  assert.deepEqual(await Promise.all([one, two, three]), [1, 2, 3]);
  assert.deepEqual(log, ['two', 'three']);
});

test('one that fails does not stop the next', async () => {
  const turns = new Turns<number>();
  const bad = turns.take('a', () => Promise.reject(new Error('no')));
  const good = turns.take('b', async () => 1);
  await assert.rejects(bad, /no/);
  assert.equal(await good, 1);
});
