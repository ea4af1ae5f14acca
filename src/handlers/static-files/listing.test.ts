import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { DEFAULT_FILE_OPTIONS, type FilesSettings } from '../../config/sections/files.ts';
import { createLog } from '../../telemetry/log.ts';
import { FileStore } from './file-store.ts';
import { LISTED_MAX } from './listing.ts';
import { staticFiles } from './static-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'vivarium-listing-'));
after(() => rmSync(directory, { recursive: true }));
const log = createLog('test', 'info', () => {});

async function list(target: string, settings: Partial<FilesSettings> = {}): Promise<FakeExchange> {
  const all = { ...DEFAULT_FILE_OPTIONS, root: directory, stripPrefix: '/f', listing: true, ...settings };
  const exchange = new FakeExchange({ target });
  staticFiles(all, { log, files: new FileStore() })(exchange);
  await exchange.finished;
  return exchange;
}

const hrefs = (exchange: FakeExchange) =>
  [
    ...Buffer.from(exchange.text, 'latin1')
      .toString()
      .matchAll(/<td><a href="([^"]*)"/g),
  ].map(([, href]) => href);

function put(name: string, sizeBytes: number, day: number): void {
  writeFileSync(join(directory, name), 'x'.repeat(sizeBytes));
  utimesSync(join(directory, name), new Date(Date.UTC(2026, 10, day)), new Date(Date.UTC(2026, 10, day)));
}

test('files are listed, directories first, and sorted as the query says', async () => {
  mkdirSync(join(directory, 'zoo'));
  put('b10.txt', 1, 3);
  put('b9.txt', 3000, 1);
  put('.env', 1, 1);
  put('old.pyc', 1, 1);
  symlinkSync('/nowhere', join(directory, 'dangling'));
  symlinkSync('b9.txt', join(directory, 'link'));
  assert.deepEqual(hrefs(await list('/f/')), ['./zoo/', './b9.txt', './b10.txt', './link']);
  assert.deepEqual(hrefs(await list('/f/?sort=name&order=desc')), [
    './zoo/',
    './link',
    './b10.txt',
    './b9.txt',
  ]);
  assert.deepEqual(hrefs(await list('/f/?sort=size')), ['./zoo/', './b10.txt', './b9.txt', './link']);
  assert.deepEqual(hrefs(await list('/f/?sort=date&order=asc')), [
    './zoo/',
    './b9.txt',
    './link',
    './b10.txt',
  ]);
  assert.deepEqual(hrefs(await list('/f/?sort=<script>')), ['./zoo/', './b9.txt', './b10.txt', './link']);
  const page = (await list('/f/')).text;
  assert.match(page, /<td>2\.9 KB<\/td><td>2026-11-01 00:00<\/td>/);
  assert.match(page, /<th scope="col" aria-sort="ascending"><a href="\?sort=name&amp;order=desc">/);
});

test('links that are not followed are not listed', {
  skip: process.platform !== 'linux' && 'links are restricted by way of /proc',
}, async () => {
  assert.deepEqual(hrefs(await list('/f/', { symlinks: 'none' })), ['./zoo/', './b9.txt', './b10.txt']);
});

test('there is a way up, but not out of the root', async () => {
  assert.deepEqual(hrefs(await list('/f/zoo/')), ['../']);
  assert.match((await list('/f/zoo/')).text, /<h1>Index of \/f\/zoo\/<\/h1>/);
});

test('whatever a name is, it is text', async () => {
  const odd = `${directory}/odd`;
  mkdirSync(odd);
  const names = [
    '<img src=x onerror=alert(1)>',
    '"\'&amp;',
    'javascript:alert(1)',
    'a?b#c%41',
    'caf\u00e9',
    '\u202egpj.exe',
    'a\nb',
  ];
  for (const name of names) writeFileSync(join(odd, name), '');
  writeFileSync(Buffer.concat([Buffer.from(`${odd}/bad-`), Buffer.from([0xff])]), '');
  const exchange = await list('/f/odd/');
  const page = Buffer.from(exchange.text, 'latin1').toString('utf8');
  assert.doesNotMatch(page, /<img|<script|\u202e/);
  for (const href of [
    './%3Cimg%20src=x%20onerror=alert(1)%3E',
    './javascript:alert(1)',
    './a%3Fb%23c%2541',
    './caf%C3%A9',
    './a%0Ab',
    './bad-%FF',
  ])
    assert.ok(hrefs(exchange).includes(href), href);
  assert.match(exchange.field('content-security-policy')!, /^default-src 'none'/);
});

test('the number of names is bounded, and the page says that there are more', async () => {
  mkdirSync(join(directory, 'many'));
  for (let i = 0; i <= LISTED_MAX; i++) writeFileSync(join(directory, 'many', String(i)), '');
  const exchange = await list('/f/many/');
  assert.equal(hrefs(exchange).length, LISTED_MAX + 1);
  assert.match(exchange.text, /There is more in this directory/);
  assert.doesNotMatch((await list('/f/')).text, /There is more/);
});

test('no listing where there is an index, or where nobody asked for listings', async () => {
  mkdirSync(join(directory, 'home'));
  writeFileSync(join(directory, 'home/index.html'), 'home');
  assert.equal((await list('/f/home/')).text, 'home');
  assert.equal((await list('/f/', { listing: false })).status, 404);
  assert.equal((await list('/f/nothing/')).status, 404);
  assert.equal((await list('/f/b9.txt/')).status, 404);
});
