/** The same seed makes the same plan. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makePlan } from './storm.ts';
import { TROUBLES } from './troubles.ts';

const outline = (seed: number) =>
  makePlan(seed, 60).map(({ atMs, trouble, random }) => [atMs, trouble.name, random.next()]);

test('a plan is made from its seed alone', () => {
  assert.deepEqual(outline(7), outline(7));
  assert.notDeepEqual(outline(7), outline(8));
});

test('every trouble comes, in a time that is long enough', () => {
  const planned = new Set(makePlan(1, 600).map(({ trouble }) => trouble));
  assert.deepEqual(
    TROUBLES.filter((trouble) => !planned.has(trouble)),
    [],
  );
});
