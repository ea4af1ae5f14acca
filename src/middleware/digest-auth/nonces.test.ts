import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CountWindow } from './count-window.ts';
import { Nonces } from './nonces.ts';

const KEY = Buffer.alloc(32, 1);
const SETTINGS = { realm: 'Here', lifetimeMs: 1_000 };
const NOW = 1_790_000_000_000;

test('a nonce is good for each count once, and for its time', () => {
  const nonces = new Nonces(SETTINGS, KEY);
  const nonce = nonces.make(NOW);
  assert.match(nonce, /^[\w-]{43}$/);
  assert.equal(nonces.use(nonce, 1, NOW), true);
  assert.equal(nonces.use(nonce, 1, NOW), false);
  assert.equal(nonces.use(nonce, 3, NOW), true);
  assert.equal(nonces.use(nonce, 2, NOW), true);
  assert.equal(nonces.use(nonce, 0, NOW), false);
  assert.equal(nonces.use(nonce, 4, NOW + 1_000), true);
  assert.equal(nonces.use(nonce, 5, NOW + 1_001), false);
  assert.equal(nonces.use(nonces.make(NOW + 5_000), 1, NOW), false);
});

test('whoever has the key knows it, and nobody else', () => {
  const nonce = new Nonces(SETTINGS, KEY).make(NOW);
  assert.equal(new Nonces(SETTINGS, KEY).use(nonce, 7, NOW), true);
  assert.equal(new Nonces(SETTINGS, Buffer.alloc(32, 2)).use(nonce, 7, NOW), false);
  assert.equal(new Nonces({ ...SETTINGS, realm: 'There' }, KEY).use(nonce, 7, NOW), false);
  const nonces = new Nonces(SETTINGS, KEY);
  for (let i = 0; i < 42; i++) {
    const changed = `${nonce.slice(0, i)}${nonce[i] === 'A' ? 'B' : 'A'}${nonce.slice(i + 1)}`;
    assert.equal(nonces.use(changed, 1, NOW), false);
  }
  for (const made of ['', 'x', `${nonce}A`, nonce.slice(1), 'é'.repeat(43)])
    assert.equal(nonces.use(made, 1, NOW), false);
});

test('after half of its time a client should take another one', () => {
  const nonces = new Nonces(SETTINGS, KEY);
  const nonce = nonces.make(NOW);
  assert.deepEqual([nonces.isOld(nonce, NOW + 500), nonces.isOld(nonce, NOW + 501)], [false, true]);
});

test('a nonce that was forgotten for want of room is never good again', () => {
  const nonces = new Nonces(SETTINGS, KEY, 2);
  const unused = nonces.make(NOW);
  const [first, second, third] = [1, 2, 3].map((ms) => nonces.make(NOW + ms)) as [string, string, string];
  for (const nonce of [first, second, third]) assert.equal(nonces.use(nonce, 1, NOW + 10), true);
  assert.equal(nonces.use(first, 1, NOW + 10), false);
  assert.equal(nonces.use(unused, 1, NOW + 10), false);
  assert.equal(nonces.use(second, 2, NOW + 10), true);
  assert.equal(nonces.use(nonces.make(NOW + 5), 1, NOW + 10), true);
});

test('nonces whose time is over make room without anybody being sent back', () => {
  const nonces = new Nonces(SETTINGS, KEY, 1);
  nonces.use(nonces.make(NOW), 1, NOW);
  const early = nonces.make(NOW + 999);
  assert.equal(nonces.use(nonces.make(NOW + 1_500), 1, NOW + 1_500), true);
  assert.equal(nonces.use(early, 1, NOW + 1_500), true);
});

test('counts overtake each other, and none is taken twice', () => {
  const counts = new CountWindow(1);
  assert.deepEqual(
    [300, 45, 44, 299, 299, 300, 301, 45, 46, 0xffffffff, 302, 0xffffffff - 255].map((count) =>
      counts.take(count),
    ),
    [true, true, false, true, false, false, true, false, true, true, false, true],
  );
});
