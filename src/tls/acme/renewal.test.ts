import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { selfSigned } from '../x509.ts';
import { renewalAtMs, retryAfterMs } from './renewal.ts';

const HOUR_MS = 3600_000;

test('a certificate is renewed when a third of its time is left, or a little earlier', () => {
  const nowMs = Date.UTC(2030, 0, 1, 1);
  // The certificate begins an hour ago: 90 hours in all.
  const { certificate } = selfSigned({ names: ['a.example'], nowMs, lifetimeMs: 89 * HOUR_MS });
  const leaf = new X509Certificate(certificate);
  assert.equal(renewalAtMs(leaf, 0), nowMs + 59 * HOUR_MS);
  assert.equal(renewalAtMs(leaf, 1), nowMs + 56 * HOUR_MS);
});

test('waits grow with failures, up to half a day', () => {
  const waits = [1, 2, 3, 10, 50].map((failures) => retryAfterMs(failures, 0.5) / 60_000);
  assert.deepEqual(waits, [1, 2, 4, 512, 720]);
  assert.ok(retryAfterMs(1, 0) < retryAfterMs(1, 1));
});
