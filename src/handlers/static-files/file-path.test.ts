import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalPath } from '../../base/url-path.ts';
import { fileLocator } from './file-path.ts';

const locate = fileLocator({ url: '/static', path: '/srv/www' });

test('paths become files of the root', () => {
  const cases: Record<string, string | null> = {
    '/static': '/srv/www',
    '/static/': '/srv/www/index.html',
    '/static/a.css': '/srv/www/a.css',
    '/static/a/b/': '/srv/www/a/b/index.html',
    '/static/%2e%2e/x': '/srv/www/%2e%2e/x',
    '/static/..\\..\\x': null,
    '/static/a\\..\\x': '/srv/www/a\\..\\x',
    '/static/caf\xc3\xa9': '/srv/www/caf\xc3\xa9',
    '/static/\xff': '/srv/www/\xff',
    '/static/x\0.html': null,
    '/static/.git/config': null,
    '/static/.env': null,
    '/static/a/.htpasswd': null,
    '/static/.well-known/security.txt': '/srv/www/.well-known/security.txt',
    '/static/.well-known-not': null,
    '/static/a.b/..c': null,
    '/staticx': null,
    '/etc/passwd': null,
  };
  for (const [path, file] of Object.entries(cases)) assert.equal(locate(path), file, JSON.stringify(path));
});

test('an alias of the root, of one file, and of a hidden directory that the operator chose', () => {
  assert.equal(fileLocator({ url: '/', path: '/srv/www/' })('/x'), '/srv/www/x');
  assert.equal(fileLocator({ url: '/', path: '/' })('/x'), '/x');
  assert.equal(fileLocator({ url: '/favicon.ico', path: '/srv/é.ico' })('/favicon.ico'), '/srv/\xc3\xa9.ico');
  assert.equal(fileLocator({ url: '/static/', path: '/home/me/.cache' })('/static/x'), '/home/me/.cache/x');
});

const piece = fc.oneof(
  fc.constantFrom(
    '..',
    '.',
    '',
    '/',
    '\\',
    '\0',
    '%2e',
    '%2e%2e',
    '%252e',
    '..;',
    '.git',
    'static',
    'etc',
    'passwd',
    '\xc0\xae',
  ),
  fc.string({ maxLength: 4, unit: 'binary-ascii' }),
  fc.array(fc.integer({ min: 0, max: 255 }), { maxLength: 4 }).map((bytes) => String.fromCharCode(...bytes)),
);

test('no path leaves the root, names a hidden file or holds a NUL', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('/static/', '/static', '/'),
      fc.array(piece, { maxLength: 10 }),
      fc.constantFrom('/', ''),
      (prefix, pieces, separator) => {
        const file = locate(canonicalPath(prefix + pieces.join(separator)));
        if (file === null) return;
        assert.equal(resolve(file), file, 'the file name has nothing left to resolve');
        assert.ok(file === '/srv/www' || file.startsWith('/srv/www/'), file);
        assert.doesNotMatch(file, /\0|\/\.(?!well-known(\/|$))/);
      },
    ),
    { numRuns: 2000 },
  );
});
