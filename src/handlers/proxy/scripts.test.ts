import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import type { ScriptsSettings } from '../../config/sections/scripts.ts';
import { findScript } from './scripts.ts';

const root = mkdtempSync(join(tmpdir(), 'vivarium-scripts-'));
mkdirSync(join(root, 'blog.php.d'));
mkdirSync(join(root, '.git'));
mkdirSync(join(root, 'directory.php'));
for (const name of ['index.php', 'photo.jpg', 'blog.php.d/post.php', '.git/hook.php', 'caf\u00e9.php'])
  writeFileSync(join(root, name), '');
after(() => rmSync(root, { recursive: true }));

const SETTINGS: ScriptsSettings = {
  root,
  suffix: '.php',
  index: 'index.php',
  fallback: null,
  areChecked: true,
};

const find = promisify<ScriptsSettings, string, [name: string, pathInfo: string] | null>(
  (settings, path, done) =>
    findScript(settings, path, (script) => done(null, script && [script.name, script.pathInfo])),
);

const latin1 = (text: string) => Buffer.from(text, 'utf8').latin1Slice();

test('the script is what of the path ends in the first name with the suffix', async () => {
  const paths: [path: string, expected: unknown][] = [
    ['/index.php', ['/index.php', '']],
    ['/index.php/a/b', ['/index.php', '/a/b']],
    ['/index.php/', ['/index.php', '/']],
    ['/', ['/index.php', '']],
    ['/blog.php.d/post.php/x', ['/blog.php.d/post.php', '/x']],
    [latin1('/caf\u00e9.php'), [latin1('/caf\u00e9.php'), '']],
    ['/a/../index.php', ['/index.php', '']],
    ['//index.php', ['/index.php', '']],
  ];
  for (const [path, expected] of paths) assert.deepEqual(await find(SETTINGS, path), expected, path);
});

test('no other file is ever run', async () => {
  const paths = [
    '/photo.jpg',
    '/photo.jpg/x.php',
    '/photo.jpg.php',
    '/nothing.php',
    '/directory.php',
    '/.git/hook.php',
    '/../../../../etc/passwd',
    '/../index.php\0.jpg',
    '/index.phpx',
    '/INDEX.PHP',
    '*',
    '',
  ];
  for (const path of paths) {
    assert.equal(await find(SETTINGS, path), null, path);
    assert.deepEqual(await find({ ...SETTINGS, fallback: '/index.php' }, path), ['/index.php', ''], path);
  }
});

test('where only the servers have the files, the path alone decides', async () => {
  const elsewhere = { ...SETTINGS, root: '/nowhere', areChecked: false };
  assert.deepEqual(await find(elsewhere, '/a/b.php/c'), ['/a/b.php', '/c']);
  assert.equal(await find(elsewhere, '/a/b.jpg'), null);
  assert.equal(await find(elsewhere, '/.git/hook.php'), null);
});

test('what PHP needs to run it', (_, done) => {
  findScript(SETTINGS, '/index.php/a', (script) => {
    const variables = ['DOCUMENT_ROOT', root, 'SCRIPT_FILENAME', `${root}/index.php`];
    assert.deepEqual(script!.variables, [
      ...variables,
      'PATH_TRANSLATED',
      `${root}/a`,
      'REDIRECT_STATUS',
      '200',
    ]);
    done();
  });
});
