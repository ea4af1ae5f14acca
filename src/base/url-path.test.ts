import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalPath, encodePath, encodeQuery, isBelow, pathPrefix } from './url-path.ts';

test('canonicalPath merges slashes and resolves dot segments', () => {
  const cases: Record<string, string> = {
    '/': '/',
    '//': '/',
    '/a': '/a',
    '/a/': '/a/',
    '//a///b//': '/a/b/',
    '/a/./b': '/a/b',
    '/a/.': '/a/',
    '/a/..': '/',
    '/a/b/..': '/a/',
    '/a/b/../c': '/a/c',
    '/../../etc/passwd': '/etc/passwd',
    '/a/../../b/': '/b/',
    '/.git/config': '/.git/config',
    '/a/...': '/a/...',
    '/a/..b': '/a/..b',
    '/.': '/',
    '*': '*',
    '': '',
  };
  for (const [path, expected] of Object.entries(cases)) assert.equal(canonicalPath(path), expected, path);
});

const messyPath = fc
  .array(
    fc.oneof(
      fc.constantFrom('', '.', '..', '...', '.x', 'a', 'b', '\\', '..\\', '%2e'),
      fc.string({ maxLength: 3 }),
    ),
    {
      maxLength: 8,
    },
  )
  .map((segments) => `/${segments.join('/')}`);

test('a canonical path has no empty and no dot segment, and is its own canonical path', () => {
  fc.assert(
    fc.property(messyPath, (path) => {
      const canonical = canonicalPath(path);
      assert.match(canonical, /^\//);
      const inner = canonical.slice(1).replace(/\/$/, '').split('/');
      if (canonical !== '/')
        for (const segment of inner) assert.ok(!['', '.', '..'].includes(segment), canonical);
      assert.equal(canonicalPath(canonical), canonical);
    }),
  );
});

test('a prefix covers itself and what is below, not what merely begins alike', () => {
  assert.equal(pathPrefix('/static/'), '/static');
  assert.equal(pathPrefix('/'), '');
  assert.equal(pathPrefix('/é'), '/\xc3\xa9');
  for (const path of ['/static', '/static/', '/static/x']) assert.ok(isBelow(path, '/static'), path);
  for (const path of ['/', '/stati', '/staticx', '/x/static']) assert.ok(!isBelow(path, '/static'), path);
  assert.ok(isBelow('/anything', ''));
  assert.ok(!isBelow('*', ''));
});

test('an encoded path decodes to itself and holds nothing that a header or an authority could be made of', () => {
  fc.assert(
    fc.property(messyPath, (path) => {
      const bytes = Buffer.from(path, 'utf8').toString('latin1');
      const encoded = encodePath(bytes);
      assert.match(encoded, /^[\x21-\x7e]+$/);
      assert.ok(!encoded.includes('\\'));
      assert.equal(unescape(encoded), bytes);
    }),
  );
  assert.equal(encodeQuery('a=%20b&c=\xe9\r\n'), 'a=%20b&c=%E9%0D%0A');
});
