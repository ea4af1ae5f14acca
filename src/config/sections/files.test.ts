import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compilePattern } from '../../base/pattern.ts';
import { readSection } from '../read-section.ts';
import { DEFAULT_FILE_OPTIONS } from './files.ts';
import { route } from './route.ts';

function read(files: unknown, match: unknown = '/static/*') {
  const mistakes: string[] = [];
  const spot = { file: 'x.toml', directory: '/srv', path: ['routes', '#0'], lineOf: () => 7 };
  return { files: readSection(route, { match, files }, spot, mistakes)?.files ?? null, mistakes };
}

test('a directory is enough, and relative to the file', () => {
  const { files, mistakes } = read('static');
  assert.deepEqual(mistakes, []);
  assert.deepEqual(files, { ...DEFAULT_FILE_OPTIONS, root: '/srv/static', stripPrefix: '/static' });
});

test('what a match takes off the path', () => {
  const cases: [match: unknown, prefix: string][] = [
    ['/static/*', '/static'],
    ['/*', ''],
    ['/favicon.ico', '/favicon.ico'],
    ['/a*', ''],
    ['*.php', ''],
    ['/a/*/b/*', ''],
    ['~^/x/', ''],
    [['/a/*', '/b/*'], ''],
    [{ method: 'GET' }, ''],
  ];
  for (const [match, prefix] of cases)
    assert.equal(read('s', match).files?.stripPrefix, prefix, JSON.stringify(match));
  assert.equal(read({ root: 's', 'strip-prefix': '/a' }, ['/a/x/*', '/a/y/*']).files?.stripPrefix, '/a');
  assert.equal(read({ root: 's', 'strip-prefix': '' }).files?.stripPrefix, '');
});

test('rules: what never changes first, then Cache-Control, then times', () => {
  const { files } = read({
    root: 's',
    expires: { '*': '2h' },
    'cache-control': { '*.html': 'no-cache' },
    immutable: [true, 'assets/*'],
    precompressed: true,
    types: { '.MD': 'text/markdown' },
    charset: 'none',
  });
  assert.deepEqual(
    files?.rules.map(({ cacheControl }) => cacheControl),
    [
      'public, max-age=31536000, immutable',
      'public, max-age=31536000, immutable',
      'no-cache',
      'max-age=7200',
    ],
  );
  assert.deepEqual(files?.precompressed, ['br', 'zstd', 'gzip']);
  assert.deepEqual(files?.types, { md: 'text/markdown' });
  assert.equal(files?.charset, null);
});

test('names that have a hash in them', () => {
  const isHashed = compilePattern(read({ root: 's', immutable: true }).files!.rules[0]!.pattern)!;
  for (const name of [
    'app.4f2a9c01.js',
    'app-4f2a9c01.css',
    'css/base.55e7cbb9ba48.css',
    'main.d587bbd6e38337f5accd.js.map',
    'a.0123456789abcdef0123456789abcdef.min.js',
  ])
    assert.notEqual(isHashed(name), null, name);
  for (const name of [
    'app.js',
    'report-20260401.pdf',
    'jquery-3.7.1.min.js',
    'v1.2.3.tar.gz',
    'x-deadbeef.txt',
    'x-cafe1.txt',
    '4f2a9c01.js',
    'app.4F2A9C01.js',
    'app.4f2a9c01',
  ])
    assert.equal(isHashed(name), null, name);
});

test('mistakes say what is allowed', () => {
  const { mistakes } = read({
    precompressed: ['deflate'],
    'cache-control': { '~(': 'x', '*': 'a\r\nSet-Cookie: x' },
    expires: { '*': '2 years' },
    index: ['a/b', '..'],
    symlinks: 'some',
    'try-files': ['../x', '{file}', '=200'],
  });
  assert.deepEqual(
    mistakes.map((mistake) => mistake.replace(/; allowed: .*/, '')),
    [
      'x.toml:7: routes[0].files: needs root',
      'x.toml:7: routes[0].files.index: found "a/b"',
      'x.toml:7: routes[0].files.index: found ".."',
      'x.toml:7: routes[0].files.precompressed: found "deflate"',
      'x.toml:7: routes[0].files.cache-control.~(: found "~("',
      'x.toml:7: routes[0].files.cache-control.*: found "a\\r\\nSet-Cookie: x"',
      'x.toml:7: routes[0].files.expires.*: found "2 years"',
      'x.toml:7: routes[0].files.symlinks: found "some"',
      'x.toml:7: routes[0].files.try-files: found "../x"',
      'x.toml:7: routes[0].files.try-files: found "{file}"',
      'x.toml:7: routes[0].files.try-files: found "=200"',
    ].map((line) => line.replace('.~(:', '."~(":').replace('.*:', '."*":')),
  );
  assert.deepEqual(read({ root: 's', 'try-files': ['=404', '{path}'] }).mistakes, [
    'x.toml:7: routes[0].files.try-files: found "=404" before the end; allowed: it as the last one',
  ]);
});
