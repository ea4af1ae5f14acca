import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { settingsOf } from '../../../test/support/cache-play.ts';
import { parseCacheControl, parseCdnCacheControl, timeMs } from './directives.ts';
import { type Policy, policyOf } from './policy.ts';
import { compileRules } from './rules.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const ASKED = { isAuthorized: false, sentAtMs: NOW, receivedAtMs: NOW };

function policy(fields: readonly string[], table: object = {}, status = 200): Policy | null {
  return policyOf(status, fields, ASKED, compileRules(settingsOf(table)));
}

/** Seconds of freshness; null: not stored. */
function lifetime(...fields: string[]): number | null {
  const found = policy(fields);
  return found === null ? null : found.lifetimeMs / 1000;
}

test('s-maxage counts before max-age, and both before Expires', () => {
  const expires = ['Expires', new Date(NOW + 30_000).toUTCString()];
  assert.equal(lifetime('Cache-Control', 'max-age=10, s-maxage=20', ...expires), 20);
  assert.equal(lifetime('Cache-Control', 'max-age=10', ...expires), 10);
  assert.equal(lifetime('Cache-Control', 'public', ...expires), 30);
  assert.equal(lifetime('Expires', '0'), null);
});

test('CDN-Cache-Control takes the place of both, unless it is wrong anywhere', () => {
  assert.equal(lifetime('Cache-Control', 'no-store', 'CDN-Cache-Control', 'max-age=5'), 5);
  assert.equal(lifetime('Cache-Control', 'max-age=9', 'CDN-Cache-Control', 'no-store'), null);
  for (const wrong of ['max-age="5"', 'max-age=5, &', 'MAX-AGE=5', 'max-age=5;', 'max-age=5,', 'max-age 5'])
    assert.equal(lifetime('Cache-Control', 'max-age=9', 'CDN-Cache-Control', wrong), 9, wrong);
});

test('said twice, the stricter counts; what is no number is 0', () => {
  assert.equal(timeMs(parseCacheControl('max-age=60, max-age=5'), 'max-age'), 5_000);
  assert.equal(timeMs(parseCacheControl('max-age="60"'), 'max-age'), 60_000);
  for (const text of ['max-age=x', 'max-age=-1', "max-age='60'", 'max-age=1.5', 'max-age'])
    assert.equal(timeMs(parseCacheControl(text), 'max-age'), 0, text);
  assert.equal(timeMs(parseCacheControl('x="max-age=60"'), 'max-age'), null);
});

test('the age that an answer comes with, and that its Date tells, are subtracted', () => {
  assert.equal(policy(['Cache-Control', 'max-age=60', 'Age', '20, 5'])?.initialAgeMs, 20_000);
  assert.equal(policy(['Cache-Control', 'max-age=60', 'Age', 'old'])?.initialAgeMs, 0);
  const date = new Date(NOW - 30_000).toUTCString();
  assert.equal(policy(['Cache-Control', 'max-age=60', 'Date', date])?.initialAgeMs, 29_001);
  assert.equal(policy(['Cache-Control', 'max-age=60', 'Age', '90']), null);
});

test('fields that no-cache and private name are not kept', () => {
  const found = policy([
    'Cache-Control',
    'max-age=60, private="set-cookie, X-A", no-cache="X-B"',
    'Set-Cookie',
    'a=1',
  ]);
  assert.deepEqual([...found!.hidden].sort(), ['set-cookie', 'x-a', 'x-b']);
});

test('no-cache is kept to be validated, and only if it can be', () => {
  assert.equal(lifetime('Cache-Control', 'no-cache, max-age=60', 'ETag', '"1"'), 0);
  assert.equal(lifetime('Cache-Control', 'no-cache, max-age=60'), null);
});

test('statuses: parts and 304 never; what is not understood, not with must-understand', () => {
  const fields = ['Cache-Control', 'max-age=60'];
  for (const status of [206, 304, 416, 101]) assert.equal(policy(fields, {}, status), null);
  assert.notEqual(policy(fields, {}, 503), null);
  const strict = ['Cache-Control', 'max-age=60, must-understand, no-store'];
  assert.notEqual(policy(strict, {}, 200), null);
  assert.equal(policy(strict, {}, 299), null);
});

test('heuristics: a part of the time since the last change, where the status allows it', () => {
  const fields = ['Last-Modified', new Date(NOW - 1_000_000).toUTCString()];
  assert.equal(policy(fields), null);
  assert.equal(policy(fields, { heuristic: 0.1 })?.lifetimeMs, 100_000);
  assert.equal(policy(fields, { heuristic: 0.1 }, 201), null);
});

test('s-maxage allows stale answers only where the answer itself does', () => {
  const table = { 'stale-if-error': '1h', 'stale-while-revalidate': '1h' };
  assert.equal(policy(['Cache-Control', 's-maxage=60'], table)?.staleIfErrorMs, 0);
  const fields = ['Cache-Control', 's-maxage=60, stale-while-revalidate=30'];
  assert.equal(policy(fields, table)?.staleWhileRevalidateMs, 30_000);
});

test('X-Accel-Expires: seconds or a time, and 0 for never', () => {
  assert.equal(lifetime('X-Accel-Expires', '5', 'Cache-Control', 'private'), 5);
  assert.equal(lifetime('X-Accel-Expires', `@${NOW / 1000 + 7}`), 7);
  assert.equal(lifetime('X-Accel-Expires', '0', 'Cache-Control', 'max-age=60'), null);
});

test('whatever fields say, they are read in time and without harm', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 400 }), (text) => {
      parseCacheControl(text);
      parseCdnCacheControl(text);
      const found = policy(['Cache-Control', text, 'Age', text, 'Expires', text, 'Vary', text, 'Date', text]);
      assert.ok(found === null || found.lifetimeMs >= 0);
    }),
  );
  for (const hostile of ['"', '",', 'a="', ';a', 'a,'])
    parseCdnCacheControl(hostile.repeat(20_000) + parseCacheControl(hostile.repeat(20_000)).size);
});
