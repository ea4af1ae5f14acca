import assert from 'node:assert/strict';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ServerRoot } from './server-root.ts';

const folder = mkdtempSync(join(tmpdir(), 'server-root-'));
after(() => rmSync(folder, { recursive: true }));

test('is private, and gone afterwards with all that is in it', () => {
  const path = join(folder, 'deep', 'a');
  const root = ServerRoot.create(path, null);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.equal(root.workerSocketPath(1), join(path, 'workers-1.sock'));
  assert.equal(root.ledgerPath(12), join(path, 'worker-12.started'));
  mkdirSync(join(path, 'temporary'));
  root.remove(null);
  assert.equal(existsSync(path), false);
});

test('a directory of the user is made private and kept; leftovers of a killed instance go', () => {
  const path = join(folder, 'b');
  mkdirSync(path);
  chmodSync(path, 0o755);
  for (const name of ['workers-12.sock', 'worker-3.started', 'notes.txt'])
    writeFileSync(join(path, name), '');
  const root = ServerRoot.create(path, null);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  assert.deepEqual(readdirSync(path).sort(), ['notes.txt', 'supervisor.pid']);
  writeFileSync(root.ledgerPath(1), '');
  root.remove(null);
  assert.deepEqual(readdirSync(path), ['notes.txt']);
});

test('logs inside are kept', () => {
  const path = join(folder, 'c');
  const root = ServerRoot.create(path, null);
  mkdirSync(join(path, 'logs'));
  root.remove(join(path, 'logs'));
  assert.deepEqual(readdirSync(path), ['logs']);
});

test('is refused while another instance uses it', () => {
  const path = join(folder, 'd');
  mkdirSync(path);
  writeFileSync(join(path, 'supervisor.pid'), String(process.ppid));
  assert.throws(() => ServerRoot.create(path, null), { message: /lock of the server root .* is running/ });
});

test('a path that does not fit into sun_path is refused with its length', () => {
  const fits = join(folder, 'x'.repeat(107 - folder.length - '/'.length - '/workers-000.sock'.length));
  ServerRoot.create(fits, null).remove(null);
  assert.throws(() => ServerRoot.create(`${fits}x`, null), { message: /has 108 bytes, and .* can have 107/ });
});

test('a file in its place is refused', () => {
  const path = join(folder, 'e');
  writeFileSync(path, '');
  assert.throws(() => ServerRoot.create(path, null), { message: /e is not a directory/ });
});

test('is given to the user that gateways and workers run as', {
  skip: process.getuid!() !== 0 && 'needs root',
}, () => {
  const path = join(folder, 'f');
  const owner = { uid: 65534, gid: 65534 };
  const root = ServerRoot.create(path, owner);
  assert.equal(statSync(path).uid, 65534);
  root.remove(null);
  mkdirSync(path);
  chownSync(path, 12345, 12345);
  assert.throws(() => ServerRoot.create(path, owner), { message: /f belongs to uid 12345/ });
});
