import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { closest, editDistance } from './closest.ts';

test('one slip of any kind has distance 1', () => {
  assert.equal(editDistance('threads', 'threds'), 1);
  assert.equal(editDistance('threds', 'threads'), 1);
  assert.equal(editDistance('threads', 'thraeds'), 1);
  assert.equal(editDistance('threads', 'thteads'), 1);
  assert.equal(editDistance('', 'abc'), 3);
});

test('the distance is a symmetric one that is 0 for equal words only, and no more than the longer word', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 8 });
  fc.assert(
    fc.property(word, word, (a, b) => {
      const distance = editDistance(a, b);
      assert.equal(distance, editDistance(b, a));
      assert.equal(distance === 0, a === b);
      assert.ok(distance <= Math.max(a.length, b.length));
    }),
  );
});

test('the closest word is suggested, whatever its case', () => {
  const known = ['port', 'host', 'processes', 'threads'];
  assert.equal(closest('porcesses', known), 'processes');
  assert.equal(closest('THREADS', known), 'threads');
  assert.equal(closest('prot', known), 'port');
});

test('nothing is suggested when nothing is close', () => {
  assert.equal(closest('reverse-proxy', ['port', 'host']), null);
  assert.equal(closest('x', ['port']), null);
});
