import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { PidFile } from './pid-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'pid-file-'));
after(() => rmSync(folder, { recursive: true }));

test('names this process, and is gone afterwards', () => {
  const path = join(folder, 'a.pid');
  const file = PidFile.create(path, 'pid file');
  assert.equal(readFileSync(path, 'utf8'), `${process.pid}\n`);
  assert.deepEqual(readdirSync(folder), ['a.pid']);
  file.remove();
  assert.equal(existsSync(path), false);
});

test('refuses when a live process is named', () => {
  const path = join(folder, 'b.pid');
  writeFileSync(path, `${process.ppid}\n`);
  assert.throws(() => PidFile.create(path, 'pid file'), {
    name: 'StartupError',
    message: new RegExp(`the pid file .*b\\.pid names process ${process.ppid}, which is running`),
  });
  assert.equal(readFileSync(path, 'utf8'), `${process.ppid}\n`);
});

for (const [what, content] of [
  ['of a dead process', '4194305\n'],
  ['that is empty', ''],
  ['that is no number', 'hello\n'],
  ['of this process, as after a restart of a container', `${process.pid}\n`],
]) {
  test(`takes over a file ${what}`, () => {
    const path = join(folder, 'c.pid');
    writeFileSync(path, content!);
    PidFile.create(path, 'pid file').remove();
    assert.equal(existsSync(path), false);
  });
}

test('does not remove the file of an instance that took over', () => {
  const path = join(folder, 'd.pid');
  const file = PidFile.create(path, 'pid file');
  writeFileSync(path, `${process.ppid}\n`);
  file.remove();
  assert.equal(existsSync(path), true);
});

test('says why it cannot be written', () => {
  assert.throws(() => PidFile.create(join(folder, 'absent', 'e.pid'), 'pid file'), {
    message: /cannot write the pid file .*: no such file or directory \(ENOENT\)/,
  });
});
