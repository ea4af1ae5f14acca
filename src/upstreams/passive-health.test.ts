import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PassiveHealth } from './passive-health.ts';

const SETTINGS = { maxFails: 3, failTimeoutMs: 10_000, slowStartMs: 0 };

test('a server is left out after so many failures within the time, for the time', () => {
  const health = new PassiveHealth(SETTINGS);
  assert.equal(health.failed(0), false);
  assert.equal(health.failed(4_000), false);
  assert.ok(health.isAvailable(4_000));
  assert.equal(health.failed(8_000), true);
  assert.ok(!health.isAvailable(17_999));
  assert.ok(health.isAvailable(18_000));
});

test('failures that are far apart do not add up', () => {
  const health = new PassiveHealth(SETTINGS);
  for (const now of [0, 9_000, 11_000, 25_000, 40_000]) assert.equal(health.failed(now), false, String(now));
});

test('one that is tried again has one try', () => {
  const health = new PassiveHealth(SETTINGS);
  for (const now of [0, 0, 0]) health.failed(now);
  assert.equal(health.failed(10_000), false, 'it was known to be out');
  assert.ok(!health.isAvailable(19_999));
  assert.equal(health.succeeded(20_000), true);
  assert.equal(health.succeeded(20_000), false);
  assert.equal(health.failed(20_001), false, 'it has its tries again');
});

test('failures are not counted where max-fails is 0', () => {
  const health = new PassiveHealth({ ...SETTINGS, maxFails: 0 });
  for (let i = 0; i < 10; i++) assert.equal(health.failed(i), false);
  assert.ok(health.isAvailable(10));
});
