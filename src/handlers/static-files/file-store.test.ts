import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  fstatSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileTree } from '../../files/file-tree.ts';
import type { OpenFile } from '../../files/open-file.ts';
import {
  FILE_BYTES_MAX,
  FileStore,
  type Found,
  release,
  type StoredEntry,
  StoredFiles,
} from './file-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'vivarium-store-'));
after(() => rmSync(directory, { recursive: true }));
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

function put(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  utimesSync(path, LONG_AGO, LONG_AGO);
  return path;
}

const options = {
  tree: fileTree(directory, 'follow'),
  fieldsOf: () => ({ contentType: 'text/plain', fields: [] }),
  codings: [],
};

/** A store whose clock stands still until the test moves it. */
function storeAt() {
  const clock = { nowMs: 0 };
  const shared = new FileStore({ nowMs: () => clock.nowMs });
  const store = new StoredFiles(shared, options);
  return { shared, store, clock, find: (name: string) => store.find(`/${name}`) };
}

function entryOf(found: Found): StoredEntry {
  assert.equal(found.kind, 'file');
  return (found as Extract<Found, { kind: 'file' }>).entry;
}

function bodyOf(found: Found): string {
  return String(entryOf(found).body);
}

test('a file is fresh for one second after it was checked', async () => {
  put('fresh.txt', 'one');
  const { store, clock, find } = storeAt();
  assert.equal(store.fresh('/fresh.txt'), null);
  await find('fresh.txt');
  clock.nowMs = 999;
  assert.equal(String(store.fresh('/fresh.txt')?.body), 'one');
  clock.nowMs = 1000;
  assert.equal(store.fresh('/fresh.txt'), null);
  await find('fresh.txt');
  assert.equal(String(store.fresh('/fresh.txt')?.body), 'one');
});

test('every kind of change is noticed', async () => {
  const { store, find } = storeAt();
  const path = put('change.txt', 'one');
  assert.equal(bodyOf(await find('change.txt')), 'one');
  put('change.txt', 'two, longer');
  assert.equal(bodyOf(await find('change.txt')), 'two, longer');
  // Same size and time, another file: what `mv` or `rsync --times` leaves.
  renameSync(put('other.txt', 'six, longer'), path);
  assert.equal(bodyOf(await find('change.txt')), 'six, longer');
  unlinkSync(path);
  assert.equal((await find('change.txt')).kind, 'error');
  assert.equal(store.fresh('/change.txt'), null);
});

test('a file changed a moment ago is read again: its next change could bear the same time', async () => {
  const path = join(directory, 'busy.txt');
  const { find } = storeAt();
  writeFileSync(path, 'one');
  const first = await find('busy.txt');
  const second = await find('busy.txt');
  assert.equal(bodyOf(second), 'one');
  assert.notEqual(entryOf(second), entryOf(first));
});

test('requests for one path share one look at the file system', async () => {
  put('shared.txt', 'one');
  const { find } = storeAt();
  const [a, b] = await Promise.all([find('shared.txt'), find('shared.txt')]);
  assert.equal(entryOf(a), entryOf(b));
});

/** Is a descriptor open? Another file may have got its number since, so the file is compared. */
function isOpen({ fd, stats }: OpenFile): boolean {
  try {
    return fstatSync(fd).ino === stats.ino;
  } catch {
    return false;
  }
}

async function closed(file: OpenFile): Promise<void> {
  while (isOpen(file)) await nextTurn();
}

test('what is too large for memory is kept open, and closed when nobody uses it', {
  timeout: 20_000,
}, async () => {
  const { shared, store, find } = storeAt();
  put('limit.bin', 'x'.repeat(FILE_BYTES_MAX));
  assert.equal(bodyOf(await find('limit.bin')).length, FILE_BYTES_MAX);
  const path = put('limit.bin', 'x'.repeat(FILE_BYTES_MAX + 1));
  const entry = entryOf(await find('limit.bin'));
  const file = entry.file!;
  assert.equal(store.fresh('/limit.bin'), entry);
  // A new file in its place: the old one is sent to those who have it, and closed after that.
  renameSync(put('other.bin', 'y'.repeat(FILE_BYTES_MAX + 2)), path);
  const after = entryOf(await find('limit.bin'));
  assert.equal(after.representation.sizeBytes, FILE_BYTES_MAX + 2);
  assert.ok(isOpen(file));
  release(entry);
  await closed(file);
  // Used since the last sweep, then not.
  release(after);
  store.fresh('/limit.bin');
  shared.sweep();
  assert.ok(isOpen(after.file!));
  shared.sweep();
  await closed(after.file!);
  assert.equal(store.fresh('/limit.bin'), null);
});

test('directories are told, and what is neither file nor directory does not exist', async () => {
  const { find } = storeAt();
  assert.equal((await find('.')).kind, 'directory');
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  assert.ok(statSync(join(directory, 'fifo')).isFIFO());
  const found = await find('fifo');
  assert.equal(found.kind === 'error' && found.error.code, 'ENOENT');
});
