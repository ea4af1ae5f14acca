import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlMistake } from './control-options.ts';
import { wantedPurge } from './purge.ts';

const none = { switches: new Set<string>(), values: new Map<string, string>() };

test('a URL, a prefix, a label or all', () => {
  assert.deepEqual(wantedPurge('http://Example.ORG:80', none), { kind: 'url', value: 'http://example.org/' });
  const prefix = new Map([['prefix', 'https://example.org/news?']]);
  assert.equal(wantedPurge(null, { ...none, values: prefix }).value, 'https://example.org/news');
  assert.deepEqual(wantedPurge(null, { ...none, values: new Map([['tag', 'a b']]) }), {
    kind: 'tag',
    value: 'a b',
  });
  assert.deepEqual(wantedPurge(null, { ...none, switches: new Set(['all']) }), { kind: 'all', value: '' });
});

test('anything else is refused, with what is allowed', () => {
  for (const [url, options] of [
    [null, none],
    ['/news', none],
    ['ftp://example.org/', none],
    ['http://', none],
    ['http://example.org/', { ...none, switches: new Set(['all']) }],
  ] as const)
    assert.throws(
      () => wantedPurge(url, options),
      (error: Error) => error instanceof ControlMistake && /^found .*; allowed: /.test(error.message),
    );
});
