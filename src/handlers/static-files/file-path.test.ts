import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalPath } from '../../base/url-path.ts';
import { DEFAULT_FILE_OPTIONS } from '../../config/sections/files.ts';
import { compileHidden, pathBelow } from './file-path.ts';

const isHidden = compileHidden(DEFAULT_FILE_OPTIONS.hide);
const locate = (path: string, prefix = '/static') => {
  const below = pathBelow(path, prefix, isHidden);
  return below === null ? null : `/srv/www${below}`;
};

test('paths become files of the root', () => {
  const cases: Record<string, string | null> = {
    '/static': '/srv/www',
    '/static/': '/srv/www/',
    '/static/a.css': '/srv/www/a.css',
    '/static/a/b/': '/srv/www/a/b/',
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
    '/static/main.py~': null,
    '/static/__pycache__/x': null,
    '/static/x.pyc': null,
    '/static/settings.py.bak': null,
    [`/static/${'x'.repeat(256)}`]: null,
    [`/static/${'x'.repeat(255)}`]: `/srv/www/${'x'.repeat(255)}`,
    '/staticx': null,
    '/etc/passwd': null,
  };
  for (const [path, file] of Object.entries(cases)) assert.equal(locate(path), file, JSON.stringify(path));
});

test('what is hidden: of the patterns that match a name the last counts', () => {
  const hides = compileHidden([
    ...DEFAULT_FILE_OPTIONS.hide,
    '*.key',
    '!public.key',
    '!*.bak',
    '~^sec(ret)+$',
  ]);
  for (const name of ['.git', '.hg', '.svn', '.env', 'x.key', 'secret', 'secretret', 'x~', '#x#'])
    assert.ok(hides(name), name);
  for (const name of ['.well-known', 'public.key', 'x.bak', 'secrets', 'x~y', 'git'])
    assert.ok(!hides(name), name);
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
        assert.equal(resolve(file), file.replace(/\/$/, ''), 'the file name has nothing left to resolve');
        assert.ok(file === '/srv/www' || file.startsWith('/srv/www/'), file);
        assert.doesNotMatch(file, /\0|\/\.(?!well-known(\/|$))/);
      },
    ),
    { numRuns: 2000 },
  );
});
