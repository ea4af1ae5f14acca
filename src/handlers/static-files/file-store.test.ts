import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, renameSync, rmSync, statSync, unlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FILE_BYTES_MAX, FileStore, type Found } from './file-store.ts';

const directory = mkdtempSync(join(tmpdir(), 'vivarium-store-'));
after(() => rmSync(directory, { recursive: true }));
const LONG_AGO = new Date('2020-01-01T00:00:00Z');

function put(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  utimesSync(path, LONG_AGO, LONG_AGO);
  return path;
}

/** A store whose clock stands still until the test moves it. */
function storeAt(): { store: FileStore; clock: { nowMs: number }; find: (name: string) => Promise<Found> } {
  const clock = { nowMs: 0 };
  const store = new FileStore({ nowMs: () => clock.nowMs });
  const find = (name: string) =>
    new Promise<Found>((resolve) => store.find(`/${name}`, join(directory, name), resolve));
  return { store, clock, find };
}

function bodyOf(found: Found): string {
  assert.equal(found.kind, 'file');
  return String((found as Extract<Found, { kind: 'file' }>).file.body);
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
  assert.notEqual((second as { file: unknown }).file, (first as { file: unknown }).file);
});

test('requests for one path share one look at the file system', async () => {
  put('shared.txt', 'one');
  const { find } = storeAt();
  const [a, b] = await Promise.all([find('shared.txt'), find('shared.txt')]);
  assert.equal((a as { file: unknown }).file, (b as { file: unknown }).file);
});

test('what is too large for memory is left to be streamed, however it grew', async () => {
  const { find } = storeAt();
  put('limit.bin', 'x'.repeat(FILE_BYTES_MAX));
  assert.equal(bodyOf(await find('limit.bin')).length, FILE_BYTES_MAX);
  put('limit.bin', 'x'.repeat(FILE_BYTES_MAX + 1));
  assert.equal((await find('limit.bin')).kind, 'large-file');
});

test('directories are told, and what is neither file nor directory does not exist', async () => {
  const { find } = storeAt();
  assert.equal((await find('.')).kind, 'directory');
  execFileSync('mkfifo', [join(directory, 'fifo')]);
  assert.ok(statSync(join(directory, 'fifo')).isFIFO());
  const found = await find('fifo');
  assert.equal(found.kind === 'error' && found.error.code, 'ENOENT');
});
