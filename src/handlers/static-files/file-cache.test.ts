import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CacheLimit, FileCache } from './file-cache.ts';

test('what was used stays, what was not goes', () => {
  const limit = new CacheLimit<string>(3);
  const cache = new FileCache<string>(limit);
  for (const key of ['a', 'b', 'c']) cache.set(key, key, 1);
  cache.get('a');
  cache.set('d', 'd', 1);
  assert.deepEqual(
    ['a', 'b', 'c', 'd'].filter((key) => cache.get(key) !== undefined),
    ['a', 'c', 'd'],
  );
});

test('when everything was used the oldest goes', () => {
  const limit = new CacheLimit<string>(2);
  const cache = new FileCache<string>(limit);
  for (const key of ['a', 'b']) {
    cache.set(key, key, 1);
    cache.get(key);
  }
  cache.set('c', 'c', 1);
  assert.deepEqual([cache.get('a'), cache.get('b'), cache.get('c')], [undefined, 'b', 'c']);
});

test('what is heavier than the cache is not kept, and takes its predecessor along', () => {
  const limit = new CacheLimit<string>(10);
  const cache = new FileCache<string>(limit);
  cache.set('a', 'old', 1);
  cache.set('a', 'new', 11);
  assert.equal(cache.get('a'), undefined);
  assert.equal(limit.weightBytes, 0);
});

test('the weight is that of what it holds, and never above the limit', () => {
  const key = fc.constantFrom('a', 'b', 'c', 'd', 'e');
  const step = fc.oneof(
    fc.record({ do: fc.constant('set' as const), key, weight: fc.integer({ min: 1, max: 12 }) }),
    fc.record({ do: fc.constantFrom('get' as const, 'delete' as const), key }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const limit = new CacheLimit<number>(10);
      const cache = new FileCache<number>(limit);
      for (const each of steps) {
        if (each.do === 'set') cache.set(each.key, each.weight, each.weight);
        else cache[each.do](each.key);
        const held = ['a', 'b', 'c', 'd', 'e'].map((name) => cache.get(name) ?? 0);
        assert.equal(
          held.reduce((sum, weight) => sum + weight, 0),
          limit.weightBytes,
        );
        assert.ok(limit.weightBytes <= 10);
        if (each.do === 'set' && each.weight <= 10) assert.equal(cache.get(each.key), each.weight);
      }
    }),
  );
});

test('caches share a limit, and what goes is handed over', () => {
  const limit = new CacheLimit<string>(2);
  const gone: string[] = [];
  const [a, b] = [0, 1].map(() => new FileCache<string>(limit, (value) => gone.push(value)));
  a!.set('x', 'a-x', 1);
  b!.set('x', 'b-x', 1);
  b!.set('y', 'b-y', 1);
  assert.deepEqual(gone, ['a-x']);
  assert.equal(a!.get('x'), undefined);
  b!.set('x', 'too heavy', 3);
  assert.deepEqual(gone, ['a-x', 'b-x', 'too heavy']);
  b!.delete('y');
  assert.equal(gone.at(-1), 'b-y');
  assert.equal(limit.weightBytes, 0);
});

test('a sweep takes what was not used since the last one', () => {
  const limit = new CacheLimit<string>(10);
  const cache = new FileCache<string>(limit);
  for (const key of ['used', 'unused', 'other']) cache.set(key, key, 1);
  cache.get('used');
  limit.sweep((value) => value !== 'other');
  const left = () => ['used', 'unused', 'other'].filter((key) => cache.get(key) !== undefined);
  assert.deepEqual(left(), ['used', 'other']);
});
