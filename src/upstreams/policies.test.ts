import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeServer } from '../../test/support/upstream-servers.ts';
import { policyOf } from './policies.ts';
import type { UpstreamServer } from './server.ts';

const keys = Array.from({ length: 3000 }, (_, i) => `key ${i}`);

function shares(chosen: readonly UpstreamServer[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { name } of chosen) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

test('round robin is smooth, by weight', () => {
  const policy = policyOf('round-robin');
  const servers = [fakeServer('a', { weight: 5 }), fakeServer('b'), fakeServer('c')];
  const order = Array.from({ length: 14 }, () => policy(servers, '', 0).name).join('');
  assert.equal(order, 'aabacaaaabacaa');
});

test('least connections counts by weight, and takes turns among equals', () => {
  const policy = policyOf('least-connections');
  const [a, b] = [fakeServer('a'), fakeServer('b', { weight: 2 })];
  a.busy = 1;
  b.busy = 1;
  assert.equal(policy([a, b], '', 0), b);
  b.busy = 3;
  assert.equal(policy([a, b], '', 0), a);
  const equals = [fakeServer('c'), fakeServer('d')];
  assert.deepEqual(shares(Array.from({ length: 10 }, () => policy(equals, '', 0))), { c: 5, d: 5 });
});

test('random of two takes the one with less to do', () => {
  const busy = fakeServer('busy');
  busy.busy = 9;
  const servers = [busy, fakeServer('a'), fakeServer('b')];
  for (const value of [0, 0.2, 0.5, 0.8, 0.999])
    assert.notEqual(policyOf('random-of-two', () => value)(servers, '', 0), busy);
  assert.equal(policyOf('random-of-two', () => 0)([busy], '', 0), busy);
});

test('a hash keeps a key with its server, by weight', () => {
  const policy = policyOf('hash');
  const servers = [fakeServer('a'), fakeServer('b', { weight: 3 }), fakeServer('c', { weight: 2 })];
  const chosen = keys.map((key) => policy(servers, key, 0));
  assert.deepEqual(
    keys.map((key) => policy(servers, key, 0)),
    chosen,
  );
  const { a, b, c } = shares(chosen);
  for (const [found, wanted] of [
    [a, 500],
    [b, 1500],
    [c, 1000],
  ] as const)
    assert.ok(Math.abs(found! - wanted) < 150, `${found} where ${wanted} are fair`);

  const without = servers.slice(0, 2);
  keys.forEach((key, i) => {
    if (chosen[i]!.name !== 'c') assert.equal(policy(without, key, 0), chosen[i], 'only the keys of c move');
  });
});

test('a server that has come back gets its part slowly', () => {
  const policy = policyOf('round-robin');
  const servers = [fakeServer('old'), fakeServer('new', {}, { slowStartMs: 10_000 })];
  servers[1]!.passive.cameBack(0);
  const at = (now: number) => shares(Array.from({ length: 1000 }, () => policy(servers, '', now))).new ?? 0;
  const [early, half, late] = [at(1_000), at(5_000), at(10_000)];
  assert.ok(early > 50 && early < 130, String(early));
  assert.ok(half > 280 && half < 380, String(half));
  assert.equal(late, 500);
});
