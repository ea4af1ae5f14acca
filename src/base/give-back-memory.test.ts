import assert from 'node:assert/strict';
import { test } from 'node:test';
import { giveBackMemory } from './give-back-memory.ts';

const MEGABYTE = 1024 * 1024;

/** Small objects, as modules and their parsing leave them; about 40 MB. */
function makeGarbage(): number {
  return Array.from({ length: 500_000 }, (_, index) => ({ index, text: [index] })).length;
}

test('the heap is small again after what nobody needs any more', () => {
  makeGarbage();
  const { heapTotal } = process.memoryUsage();
  giveBackMemory();
  const after = process.memoryUsage().heapTotal;
  assert.ok(after < heapTotal - 20 * MEGABYTE, `${heapTotal} -> ${after}`);
  assert.equal('gc' in globalThis, false);
});
