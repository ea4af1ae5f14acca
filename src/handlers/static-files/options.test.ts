/** The options of `files`, each with real files below a root: forms, rules, indexes, try-files, links, listings. */
import assert from 'node:assert/strict';
import {
  chownSync,
  lchownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import { DEFAULT_FILE_OPTIONS, type FilesSettings } from '../../config/sections/files.ts';
import type { Handler } from '../../handler.ts';
import { createLog } from '../../telemetry/log.ts';
import { FileStore } from './file-store.ts';
import { staticFiles } from './static-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'vivarium-options-'));
after(() => rmSync(directory, { recursive: true }));
const root = join(directory, 'root');
const T1 = new Date('2026-11-20T02:47:42Z');
const T2 = new Date('2026-11-20T02:47:43Z');

function put(name: string, text: string, at = T1): void {
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  utimesSync(path, at, at);
}

const messages: string[] = [];
const log = createLog('test', 'info', (line) => messages.push(line));

type Ask = (target: string, request?: FakeRequest) => Promise<FakeExchange>;

function server(settings: Partial<FilesSettings>, next?: Handler): Ask {
  const all = { ...DEFAULT_FILE_OPTIONS, root, stripPrefix: '', ...settings };
  const handle = staticFiles(all, { log, files: new FileStore() }, next);
  return async (target, request = {}) => {
    const exchange = new FakeExchange({ target, ...request });
    handle(exchange);
    await exchange.finished;
    return exchange;
  };
}

const accepting = (value: string): FakeRequest => ({ fields: { 'Accept-Encoding': value } });

test('a compressed form beside the file goes to those who accept it', async () => {
  put('app.js', 'x'.repeat(100));
  put('app.js.br', 'b', T1);
  put('app.js.gz', 'gggg', T2);
  put('app.js.zst', 'zz', new Date('2026-11-20T02:47:41Z'));
  const ask = server({ precompressed: ['br', 'zstd', 'gzip'] });
  const cases: [field: string, coding: string | null][] = [
    ['gzip, deflate, br, zstd', 'br'],
    ['gzip', 'gzip'],
    ['zstd', null], // Older than the file.
    ['br;q=0.5, gzip', 'gzip'],
    ['br;q=0, gzip;q=0', null],
    ['*', 'br'],
    ['identity, br;q=0.5', null],
    ['', null],
  ];
  for (const _ of ['disk', 'memory']) {
    for (const [field, coding] of cases) {
      const answer = await ask('/app.js', accepting(field));
      assert.equal(answer.field('content-encoding'), coding, field);
      assert.equal(answer.field('vary'), 'Accept-Encoding');
      assert.equal(answer.field('content-type'), 'text/javascript; charset=utf-8');
      assert.equal(answer.text, { br: 'b', gzip: 'gggg' }[coding ?? ''] ?? 'x'.repeat(100));
    }
  }
  const [plain, br] = [await ask('/app.js'), await ask('/app.js', accepting('br'))];
  assert.notEqual(plain.field('etag'), br.field('etag'));
  const fields = { 'Accept-Encoding': 'br', 'If-None-Match': br.field('etag')! };
  const notModified = await ask('/app.js', { fields });
  assert.equal(notModified.status, 304);
  assert.equal(notModified.field('vary'), 'Accept-Encoding');
  assert.equal((await ask('/app.js', { fields: { 'If-None-Match': br.field('etag')! } })).status, 200);
  const part = await ask('/app.js', { fields: { 'Accept-Encoding': 'gzip', Range: 'bytes=1-2' } });
  assert.deepEqual([part.status, part.text, part.field('content-encoding')], [206, 'gg', 'gzip']);
});

test('without forms there is no Vary, and without the option forms are only files', async () => {
  put('plain.js', 'plain');
  assert.equal((await server({ precompressed: ['br'] })('/plain.js', accepting('br'))).field('vary'), null);
  const ask = server({});
  assert.equal((await ask('/app.js', accepting('br'))).field('content-encoding'), null);
  assert.equal((await ask('/app.js.br')).text, 'b');
});

test('a form that appears, changes or goes is noticed', async () => {
  const clock = { nowMs: 0 };
  const all = { ...DEFAULT_FILE_OPTIONS, root, stripPrefix: '', precompressed: ['gzip'] as const };
  const handle = staticFiles(all, { log, files: new FileStore({ nowMs: () => clock.nowMs }) });
  const text = async () => {
    clock.nowMs += 2000;
    const exchange = new FakeExchange({ target: '/late.css', ...accepting('gzip') });
    handle(exchange);
    await exchange.finished;
    return exchange.text;
  };
  put('late.css', 'plain', T1);
  assert.equal(await text(), 'plain');
  put('late.css.gz', 'one', T1);
  assert.equal(await text(), 'one');
  put('late.css.gz', 'two', T2);
  assert.equal(await text(), 'two');
  put('late.css', 'newer', new Date('2026-11-21T00:00:00Z'));
  assert.equal(await text(), 'newer');
  rmSync(join(root, 'late.css.gz'));
  assert.equal(await text(), 'newer');
});

test('rules for Cache-Control: the first that matches the path below the root', async () => {
  const rules = [
    { pattern: '~[.-][\\da-f]{8}\\.js$', cacheControl: 'immutable' },
    { pattern: 'img/*', cacheControl: 'max-age=60' },
    { pattern: '*.js', cacheControl: 'no-cache' },
  ];
  const ask = server({ rules, types: { md: 'text/markdown' }, charset: null });
  for (const name of ['app.4f2a9c01.js', 'a.js', 'img/a.js', 'x/img/a.txt', 'r.md']) put(name, name);
  const control = async (path: string) => (await ask(path)).field('cache-control');
  assert.equal(await control('/app.4f2a9c01.js'), 'immutable');
  assert.equal(await control('/a.js'), 'no-cache');
  assert.equal(await control('/img/a.js'), 'max-age=60');
  assert.equal(await control('/x/img/a.txt'), null);
  assert.equal((await ask('/r.md')).field('content-type'), 'text/markdown');
  const { responseFields } = await ask('/a.js', { fields: { 'If-None-Match': '*' } });
  assert.ok(responseFields.includes('no-cache'), 'a 304 tells caches the same');
});

test('index files in turn, for directories at any depth', async () => {
  put('docs/default.htm', 'default');
  put('docs/deep/index.html', 'index');
  put('docs/deep/default.htm', 'other');
  const ask = server({ index: ['index.html', 'default.htm'] });
  for (const _ of ['disk', 'memory']) {
    assert.equal((await ask('/docs/')).text, 'default');
    assert.equal((await ask('/docs/deep/')).text, 'index');
  }
  assert.equal((await ask('/docs')).field('location'), '/docs/');
  assert.equal((await server({ stripPrefix: '/a' })('/a/docs')).field('location'), '/a/docs/');
});

test('try-files: a page for every path that is no file, and a status or another handler as the last', async () => {
  put('spa/index.html', 'the application');
  put('spa/app.css', 'style');
  put('spa/about.html', 'about');
  const spa = { root: join(root, 'spa') };
  const all = server({ ...spa, tryFiles: ['{path}', '{path}.html', '/index.html'] });
  for (const [path, text] of [
    ['/app.css', 'style'],
    ['/about', 'about'],
    ['/', 'the application'],
    ['/users/7', 'the application'],
    ['/users/', 'the application'],
    ['/%2e%2e/%2e%2e/etc/passwd', 'the application'],
  ] as const)
    assert.equal((await all(path)).text, text, path);
  // What is hidden is hidden, and not a page of the application.
  assert.equal((await all('/.git/config')).status, 404);
  assert.equal((await all('/users', { method: 'POST' })).status, 405);

  assert.equal((await server({ ...spa, tryFiles: ['{path}', '=410'] })('/nothing')).status, 410);
  const asked: string[] = [];
  const next = server({ ...spa, tryFiles: ['{path}', '=next'] }, (exchange) => {
    asked.push(exchange.request.path);
    exchange.respond(200, [], 'next');
  });
  assert.equal((await next('/app.css')).text, 'style');
  assert.equal((await next('/nothing')).text, 'next');
  assert.equal((await next('/.env')).text, 'next');
  assert.equal((await next('/app.css', { method: 'POST' })).text, 'next');
  assert.deepEqual(asked, ['/nothing', '/.env', '/app.css']);
});

const linux = {
  skip: process.platform !== 'linux' && 'links are restricted by way of /proc',
  timeout: 20_000,
};

test('symbolic links: all, none, or those of the owner', linux, async () => {
  put('links/real/file.txt', 'real');
  writeFileSync(join(directory, 'secret.txt'), 'secret');
  const link = (target: string, name: string) => symlinkSync(target, join(root, 'links', name));
  link('real/file.txt', 'inside.txt');
  link(join(directory, 'secret.txt'), 'outside.txt');
  link('real', 'directory');
  link('/nowhere', 'dangling');
  link('circle', 'circle');
  const paths = [
    '/inside.txt',
    '/outside.txt',
    '/directory/file.txt',
    '/real/file.txt',
    '/dangling',
    '/circle',
  ];
  const statuses = async (symlinks: FilesSettings['symlinks']) => {
    const ask = server({ root: join(root, 'links'), symlinks });
    const answers = [];
    for (const path of [...paths, ...paths]) answers.push((await ask(path)).status);
    assert.deepEqual(answers.slice(0, paths.length), answers.slice(paths.length), 'disk and memory agree');
    return answers.slice(0, paths.length);
  };
  assert.deepEqual(await statuses('follow'), [200, 200, 200, 200, 404, 404]);
  assert.deepEqual(await statuses('none'), [404, 404, 404, 200, 404, 404]);
  assert.match(messages.at(-1)!, /symlink-refused: .*circle: it is a symbolic link/);
  assert.deepEqual(await statuses('owner'), [200, 200, 200, 200, 404, 404]);
  if (process.getuid!() !== 0) return;
  lchownSync(join(root, 'links/outside.txt'), 12345, 12345);
  assert.deepEqual(await statuses('owner'), [200, 404, 200, 200, 404, 404]);
  chownSync(join(directory, 'secret.txt'), 12345, 12345);
  assert.deepEqual(await statuses('owner'), [200, 200, 200, 200, 404, 404]);
});

test('a walk leaves no descriptor open', linux, async () => {
  const isOurs = (fd: string) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(join(root, 'links'));
    } catch {
      return false;
    }
  };
  for (const symlinks of ['owner', 'none'] as const) {
    const ask = server({ root: join(root, 'links'), symlinks, listing: true });
    for (const path of [
      '/',
      '/real/',
      '/real',
      '/directory/file.txt',
      '/real/file.txt/x',
      '/dangling',
      '/circle',
    ])
      await ask(path);
  }
  while (readdirSync('/proc/self/fd').some(isOurs)) await nextTurn();
});

test('a root that is itself a link was named by the operator', linux, async () => {
  put('target/x.txt', 'x');
  symlinkSync('target', join(root, 'current'));
  const ask = server({ root: join(root, 'current'), symlinks: 'none' });
  assert.equal((await ask('/x.txt')).text, 'x');
  assert.equal((await server({ root: join(root, 'target/x.txt'), symlinks: 'none' })('')).text, 'x');
});
