import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FileCache } from './file-cache.ts';

test('what was used stays, what was not goes', () => {
  const cache = new FileCache<string>(3);
  for (const key of ['a', 'b', 'c']) cache.set(key, key, 1);
  cache.get('a');
  cache.set('d', 'd', 1);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].filter((key) => cache.get(key) !== undefined),
    ['a', 'c', 'd'],
  );
});

test('when everything was used the oldest goes', () => {
  const cache = new FileCache<string>(2);
  for (const key of ['a', 'b']) {
    cache.set(key, key, 1);
    cache.get(key);
  }
  cache.set('c', 'c', 1);
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], [undefined, 'b', 'c']);
});

test('what is heavier than the cache is not kept, and takes its predecessor along', () => {
  const cache = new FileCache<string>(10);
  cache.set('a', 'old', 1);
  cache.set('a', 'new', 11);
  assert.equal(cache.get('a'), undefined);
  assert.equal(cache.weightBytes, 0);
});

test('the weight is that of what it holds, and never above the limit', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key, weight: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ do: fc.constantFrom('get' as const, 'delete' as const), key }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const cache = new FileCache<number>(10);
      for (const each of steps) {
        if (each.do === 'set') cache.set(each.key, each.weight, each.weight);
        else cache[each.do](each.key);
        const held = ['a', 'b', 'c', 'd', 'e'].map((name) => cache.get(name) ?? 0);
        assert.equal(
          held.reduce((sum, weight) => sum + weight, 0),
          cache.weightBytes,
        );
        assert.ok(cache.weightBytes <= 10);
        if (each.do === 'set' && each.weight <= 10) assert.equal(cache.get(each.key), each.weight);
      }
    }),
  );
});
