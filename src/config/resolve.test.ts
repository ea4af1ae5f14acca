import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Origin } from './origin.ts';
import { entryOf, resolveSettings } from './resolve.ts';
import type { SettingName } from './settings/table.ts';
import type { Given } from './sources/given.ts';
import { listenAddress } from './value-types.ts';

const FLAG: Origin = { kind: 'flag', flag: '--x' };
const ENVIRONMENT: Origin = { kind: 'environment', variable: 'VIVARIUM_X' };
const FILE: Origin = { kind: 'file', file: 'vivarium.toml', line: 7 };
const DETECTED: Origin = { kind: 'detected', from: 'somewhere' };

function give(name: SettingName, raw: unknown, origin: Origin, key: string | null = null): Given {
  return { name, key, raw, origin, directory: '/srv' };
}

test('without any source every setting has its default', () => {
  const { values, mistakes } = resolveSettings([]);
  assert.deepEqual(mistakes, []);
  assert.equal(values.port, 8000);
  assert.equal(values['body-max-timeout'], 0);
  assert.equal(values.user, null);
  assert.deepEqual(values.listen, []);
  assert.deepEqual(values.setenv, {});
});

test('flags beat environment beats file beats what was found, in whatever order they are read', () => {
  const all = [
    give('threads', 1, DETECTED),
    give('threads', 2, FILE),
    give('threads', 3, ENVIRONMENT),
    give('threads', 4, FLAG),
  ];
  for (let count = 1; count <= all.length; count++) {
    const given = all.slice(0, count);
    for (const order of [given, given.toReversed()]) {
      const { values, entries } = resolveSettings(order);
      assert.equal(values.threads, count);
      assert.equal(entryOf(entries, 'threads')?.origin, given.at(-1)!.origin);
    }
  }
});

test('lists are replaced whole, maps are merged by key', () => {
  const { values, entries } = resolveSettings([
    give('passenv', ['A', 'B'], FILE),
    give('passenv', ['C'], FLAG),
    give('setenv', 'file', FILE, 'A'),
    give('setenv', 'file', FILE, 'B'),
    give('setenv', 'flag', FLAG, 'B'),
  ]);
  assert.deepEqual(values.passenv, ['C']);
  assert.deepEqual(values.setenv, { A: 'file', B: 'flag' });
  const origins = entries.filter(({ name }) => name === 'setenv').map(({ key, origin }) => [key, origin]);
  assert.deepEqual(origins, [
    ['A', FILE],
    ['B', FLAG],
  ]);
});

test('two spellings of one URL are one key', () => {
  const given = [give('url-alias', 'a', FILE, '/static/'), give('url-alias', 'b', FLAG, '/static')];
  assert.deepEqual(resolveSettings(given).values['url-alias'], { '/static': '/srv/b' });
});

test('relative paths are relative to their source', () => {
  const { values } = resolveSettings([
    give('pid-file', 'run/pid', FILE),
    give('python-path', ['lib', '/x'], FLAG),
  ]);
  assert.equal(values['pid-file'], '/srv/run/pid');
  assert.deepEqual(values['python-path'], ['/srv/lib', '/x']);
});

test('each mistake names place, finding and what is allowed, also when a stronger source hides it', () => {
  const { mistakes, values } = resolveSettings([
    give('threads', 'many', FILE),
    give('threads', 4, FLAG),
    give('port', 70_000, ENVIRONMENT),
    give('log-level', 'loud', FLAG),
    give('access-log', 'perhaps', FILE),
    give('header-timeout', '1d', FILE),
    give('limit-request-body', { a: 1 }, FILE),
    give('listen', [':1', 5], FILE),
    give('listen', 5, FILE),
    give('setenv', 1, FILE, 'A'),
    give('setenv', undefined, ENVIRONMENT, 'B'),
    give('url-alias', 'x', FILE, 'static'),
    give('access-log-format', 'combind', FILE),
  ]);
  assert.equal(values.threads, 4);
  assert.deepEqual(mistakes, [
    'vivarium.toml:7: threads: found "many"; allowed: a whole number from 1 to 1024',
    'VIVARIUM_X: found 70000; allowed: a whole number from 0 to 65535',
    '--x: found "loud"; allowed: debug, info, warn or error',
    'vivarium.toml:7: access-log: found "perhaps"; allowed: true or false in a file; on, off, true, false, yes, no, 1 or 0 elsewhere',
    'vivarium.toml:7: header-timeout: found "1d"; allowed: a time in seconds or with a unit (15, 500ms, 15s, 2m, 1h) from 1ms to 24 days',
    'vivarium.toml:7: limit-request-body: found a table; allowed: a size in bytes or with a unit (8190, 64k, 10m, 1g) from 0 (no limit) to 1024g',
    `vivarium.toml:7: listen: found 5; allowed: ${listenAddress.allowed}`,
    'vivarium.toml:7: listen: found 5; allowed: a list of ADDRESS',
    'vivarium.toml:7: setenv.A: found 1; allowed: a text, in quotes in a file',
    'VIVARIUM_X: found "B" without a value; allowed: a text, in quotes in a file',
    'vivarium.toml:7: url-alias.static: found "static"; allowed: a URL path that begins with a slash, like /static',
    'vivarium.toml:7: access-log-format: found "combind"; allowed: combined, common, json, pretty or an Apache format string such as "%h %t \\"%r\\" %>s %b"',
  ]);
});

test('a path that becomes too long is refused', () => {
  const long: Given = { ...give('listen', ['unix:app.sock'], FILE), directory: `/${'x'.repeat(120)}` };
  assert.match(
    resolveSettings([long]).mistakes[0]!,
    /^vivarium\.toml:7: listen: found "unix:app\.sock"; allowed: /,
  );
});
