import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { fakeRequest } from '../../../test/support/fake-exchange.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import type { RequestFields } from '../../fields.ts';
import { createLog } from '../../telemetry/log.ts';
import { DiskStore } from './disk-store.ts';
import { Entry, type EntryHead } from './entry.ts';
import { MemoryStore } from './memory-store.ts';
import { ResponseStore } from './store.ts';

const HEAD: EntryHead = {
  key: 'cache http://example.org/',
  url: 'http://example.org/',
  status: 200,
  fields: ['Content-Type', 'text/plain', 'X-A', 'caf\xe9'],
  varyNames: [],
  varyValues: [],
  tags: ['news'],
  storedAtMs: 1_000,
  initialAgeMs: 0,
  lifetimeMs: 60_000,
  staleWhileRevalidateMs: 0,
  staleIfErrorMs: 0,
  neverStale: false,
  etag: '"1"',
  lastModified: null,
};

function entry(change: Partial<EntryHead> = {}, body = 'hello'): Entry {
  return new Entry({ ...HEAD, ...change }, Buffer.from(body));
}

function page(number: number): Partial<EntryHead> {
  const url = `http://example.org/${number}`;
  return { key: `cache ${url}`, url };
}

function storeIn(t: TestContext, directory: string, bytesMax = 1_000_000): DiskStore {
  const store = new DiskStore(
    directory,
    bytesMax,
    createLog('test', 'info', (line) => assert.fail(line)),
  );
  t.after(() => store.close());
  return store;
}

/** As a request finds it; `close` has seen to it that everything is written. */
function find(store: DiskStore, head: Partial<EntryHead> = {}, fields: object = {}): Promise<Entry | null> {
  const { key, url } = { ...HEAD, ...head };
  const requestFields: RequestFields = fakeRequest({ fields: fields as Record<string, string> }).fields;
  return new Promise((found) => store.find(key, url, requestFields, found));
}

function filesIn(directory: string): string[] {
  return readdirSync(directory).flatMap((shard) => readdirSync(join(directory, shard)));
}

test('what one store has kept another one finds, byte for byte', async (t) => {
  const directory = makeFolder(t);
  const first = storeIn(t, directory);
  first.put(entry());
  await first.close();
  const found = await find(storeIn(t, directory));
  assert.deepEqual(found?.head, HEAD);
  assert.equal(found?.body.toString(), 'hello');
  assert.equal(await find(storeIn(t, directory), page(1)), null);
});

test('variants are found by the values of the fields they vary by', async (t) => {
  const store = storeIn(t, makeFolder(t));
  for (const language of ['de', 'fr'])
    store.put(entry({ varyNames: ['accept-language'], varyValues: [language] }, language));
  await store.close();
  assert.equal((await find(store, {}, { 'Accept-Language': 'FR' }))?.body.toString(), 'fr');
  assert.equal((await find(store, {}, { 'Accept-Language': 'de' }))?.body.toString(), 'de');
  assert.equal(await find(store, {}, { 'Accept-Language': 'en' }), null);
});

test('a client that invents values of a field does not fill the disk', async (t) => {
  const directory = makeFolder(t);
  const store = storeIn(t, directory);
  for (let i = 0; i < 200; i++) store.put(entry({ varyNames: ['x'], varyValues: [`${i}`] }));
  await store.close();
  assert.ok(filesIn(directory).length <= 65);
});

test('the limit holds, what was used stays longest, and a new store knows what is there', async (t) => {
  const directory = makeFolder(t);
  const store = storeIn(t, directory, 10 * 4096);
  for (let i = 0; i < 10; i++) store.put(entry(page(i)));
  await store.close();
  assert.notEqual(await find(store, page(0)), null);
  for (let i = 10; i < 15; i++) store.put(entry(page(i)));
  await store.close();
  assert.equal(filesIn(directory).length, 10);
  assert.notEqual(await find(store, page(0)), null);
  assert.equal(await find(store, page(1)), null);
  const smaller = storeIn(t, directory, 3 * 4096);
  smaller.put(entry(page(20)));
  await smaller.looked;
  await smaller.close();
  assert.ok(filesIn(directory).length <= 3);
});

test('whatever is done to its files, a store gives what was kept or nothing', async (t) => {
  const directory = makeFolder(t);
  const store = storeIn(t, directory);
  store.put(entry());
  await store.close();
  const [shard] = readdirSync(directory);
  const [name] = readdirSync(join(directory, shard!));
  const path = join(directory, shard!, name!);
  const bytes = readFileSync(path);
  for (let at = 0; at < bytes.length; at += 3) {
    const changed = Buffer.from(bytes);
    changed[at] = changed[at]! ^ 0x20;
    writeFileSync(path, changed);
    assert.equal(await find(storeIn(t, directory)), null, `byte ${at}`);
  }
  writeFileSync(path, bytes.subarray(0, 30));
  assert.equal(await find(storeIn(t, directory)), null);
});

test('a file under the name of another answer is not that answer', async (t) => {
  const directory = makeFolder(t);
  const store = storeIn(t, directory);
  store.put(entry());
  store.put(entry(page(1)));
  await store.close();
  const paths = readdirSync(directory).flatMap((shard) =>
    readdirSync(join(directory, shard)).map((name) => join(directory, shard, name)),
  );
  copyFileSync(paths[0]!, paths[1]!);
  const again = storeIn(t, directory);
  const found = await Promise.all([find(again), find(again, page(1))]);
  assert.equal(found.filter((one) => one !== null).length, 1);
});

test('purges: a URL without looking at others, and by what the heads of files say', async (t) => {
  const directory = makeFolder(t);
  const store = storeIn(t, directory);
  for (let i = 0; i < 4; i++) store.put(entry({ ...page(i), tags: i === 3 ? ['front'] : [] }));
  await store.close();
  const purge = (
    kind: 'url' | 'prefix' | 'tag' | 'all',
    value: string,
    isMeant: (head: EntryHead) => boolean,
  ) => store.purge({ kind, value }, isMeant);
  const { url } = page(0) as EntryHead;
  assert.equal(await purge('url', url, (head) => head.url === url), 1);
  assert.equal(await purge('tag', 'front', ({ tags }) => tags.includes('front')), 1);
  assert.equal(filesIn(directory).length, 2);
  assert.equal(await purge('all', '', () => true), 2);
  assert.equal(store.files, 0);
  assert.equal(store.bytes, 0);
});

test('a directory that somebody has cleaned up is used again', async (t) => {
  const directory = join(makeFolder(t), 'kept');
  const store = storeIn(t, directory);
  store.put(entry());
  await store.close();
  rmSync(directory, { recursive: true });
  assert.equal(await find(store), null);
  store.put(entry());
  await store.close();
  assert.notEqual(await find(store), null);
});

test('a directory that cannot be used is named', (t) => {
  const folder = makeFolder(t, { file: '' });
  const log = createLog('test', 'info', () => {});
  for (const [name, reason] of [
    ['file', '.*/file is not a directory'],
    ['no/such', 'ENOENT: '],
  ])
    assert.throws(
      () => new DiskStore(join(folder, name!), 1_000_000, log),
      new RegExp(`^Error: cannot use the directory of \\[cache-store\\] as uid \\d+: ${reason}`),
    );
});

test('a disk that fails is said once, and requests go on', async (t) => {
  const folder = makeFolder(t, { 'kept/x': '' });
  const lines: string[] = [];
  const store = new DiskStore(
    join(folder, 'kept'),
    1_000_000,
    createLog('test', 'info', (line) => lines.push(line)),
  );
  t.after(() => store.close());
  await store.looked;
  // Where the directory of the first two digits should be there is a file.
  for (let i = 0; i < 256; i++) writeFileSync(join(folder, 'kept', i.toString(16).padStart(2, '0')), '');
  store.put(entry());
  store.put(entry(page(1)));
  await store.close();
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /cache-directory-failed: answers cannot be kept on disk: E/);
  assert.equal(await find(store), null);
});

test('what comes to memory while the disk is asked is found', async (t) => {
  const store = new ResponseStore(new MemoryStore(1_000_000), storeIn(t, makeFolder(t)));
  const late = entry();
  const found = new Promise((done) => store.load(HEAD.key, HEAD.url, fakeRequest().fields, done));
  store.memory.put(late);
  assert.equal(await found, late);
});
