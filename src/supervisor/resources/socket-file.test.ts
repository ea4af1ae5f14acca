import assert from 'node:assert/strict';
import { statSync } from 'node:fs';
import { test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import { NO_WISHES, permitSocketFile } from './socket-file.ts';

const IS_ROOT = process.getuid?.() === 0;

function fileIn(t: Parameters<typeof makeFolder>[0]): string {
  return `${makeFolder(t, { socket: '' })}/socket`;
}

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

test('everybody may speak HTTP, and only the owner and its group a gateway protocol', (t) => {
  const path = fileIn(t);
  permitSocketFile(path, NO_WISHES, null);
  assert.equal(modeOf(path), '666');
  permitSocketFile(path, NO_WISHES, 'scgi');
  assert.equal(modeOf(path), '660');
  permitSocketFile(path, { ...NO_WISHES, mode: 0o600 }, 'scgi');
  assert.equal(modeOf(path), '600');
});

test('owner and group are those that are wanted', { skip: !IS_ROOT && 'needs root' }, (t) => {
  const path = fileIn(t);
  permitSocketFile(path, { mode: null, owner: 'nobody', group: '7' }, 'scgi');
  assert.deepEqual([statSync(path).uid, statSync(path).gid], [65534, 7]);
  permitSocketFile(path, { mode: null, owner: null, group: '8' }, 'scgi');
  assert.deepEqual([statSync(path).uid, statSync(path).gid], [65534, 8]);
});

test('nobody who is not there can have it', (t) => {
  const path = fileIn(t);
  const owner = { ...NO_WISHES, owner: 'no-such-user' };
  assert.throws(() => permitSocketFile(path, owner, null), /chown-socket: there is no user no-such-user/);
  const group = { ...NO_WISHES, group: 'no-such-group' };
  assert.throws(() => permitSocketFile(path, group, null), /there is no group no-such-group/);
});
