import assert from 'node:assert/strict';
import { chownSync, closeSync, linkSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import { openLogFile } from './log-file.ts';

const SOMEBODY = { uid: 12_345, gid: 12_346 };
const needsRoot = { skip: process.getuid!() !== 0 && 'only root gives files away' };

function owner(path: string): object {
  const { uid, gid, mode } = statSync(path);
  return { uid, gid, mode: (mode & 0o777).toString(8) };
}

test('a log file becomes the owner’s, whether it is new or was made by root', needsRoot, (t) => {
  const folder = makeFolder(t, { old: 'line\n' });
  for (const name of ['new', 'old', 'old']) closeSync(openLogFile(`${folder}/${name}`, SOMEBODY));
  assert.deepEqual(owner(`${folder}/new`), { ...SOMEBODY, mode: '640' });
  assert.deepEqual(owner(`${folder}/old`), { ...SOMEBODY, mode: '644' });
  assert.equal(readFileSync(`${folder}/old`, 'utf8'), 'line\n');
});

test('a link to a file that the owner may not have is refused, and stays what it is', needsRoot, (t) => {
  const folder = makeFolder(t, { secret: '' });
  const before = owner(`${folder}/secret`);
  symlinkSync('secret', `${folder}/symbolic`);
  assert.throws(() => openLogFile(`${folder}/symbolic`, SOMEBODY), /ELOOP/);
  linkSync(`${folder}/secret`, `${folder}/hard`);
  assert.throws(() => openLogFile(`${folder}/hard`, SOMEBODY), /not a file of its own/);
  assert.deepEqual(owner(`${folder}/secret`), before);
  // One that is the owner's already may have more names.
  writeFileSync(`${folder}/own`, '');
  chownSync(`${folder}/own`, SOMEBODY.uid, SOMEBODY.gid);
  linkSync(`${folder}/own`, `${folder}/other-name`);
  closeSync(openLogFile(`${folder}/own`, SOMEBODY));
});

test('without an owner a link is followed', (t) => {
  const folder = makeFolder(t, { target: '' });
  symlinkSync('target', `${folder}/link`);
  closeSync(openLogFile(`${folder}/link`, null));
});
