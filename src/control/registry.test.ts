import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import { findInstances, registerInstance, registryDirectories } from './registry.ts';

const { pid } = process;

test('an instance is found while it is registered', (t) => {
  const root = makeFolder(t, { 'supervisor.pid': `${pid}\n` });
  const directories = [join(root, 'registry')];
  assert.deepEqual(findInstances(directories), []);
  const unregister = registerInstance(directories, { pid, serverRoot: root });
  assert.equal(statSync(directories[0]!).mode & 0o777, 0o700);
  assert.deepEqual(findInstances(directories), [{ pid, serverRoot: root }]);
  unregister!();
  assert.deepEqual(findInstances(directories), []);
});

test('what dead servers left is ignored and removed', (t) => {
  const root = makeFolder(t, { 'supervisor.pid': '1\n' });
  const directory = join(root, 'registry');
  mkdirSync(directory, { mode: 0o700 });
  const gone = spawnSync('true').pid;
  // A process that is gone, a number that is another's by now, and a server root that is gone.
  symlinkSync(root, join(directory, String(gone)));
  symlinkSync(root, join(directory, String(pid)));
  symlinkSync(join(root, 'absent'), join(directory, String(process.ppid)));
  writeFileSync(join(directory, 'notes'), '');
  assert.deepEqual(findInstances([directory]), []);
  assert.deepEqual(readdirSync(directory), ['notes']);
});

test('a directory that others can write, or that cannot be made, is not used', (t) => {
  const root = makeFolder(t, { 'supervisor.pid': `${pid}\n`, file: '' });
  const open = join(root, 'open');
  mkdirSync(open);
  chmodSync(open, 0o777);
  symlinkSync(root, join(open, String(pid)));
  const directories = [join(root, 'file', 'x'), open];
  assert.equal(registerInstance(directories, { pid, serverRoot: root }), null);
  assert.deepEqual(findInstances(directories), []);
  assert.ok(registerInstance([...directories, join(root, 'private')], { pid, serverRoot: root }));
  assert.deepEqual(findInstances([join(root, 'private')]), [{ pid, serverRoot: root }]);
});

test('directories are those of the user', () => {
  const user = registryDirectories('/run/user/7', 7);
  assert.equal(user[0], '/run/user/7/vivarium');
  assert.match(user[1]!, /\/vivarium-7$/);
  assert.deepEqual(registryDirectories(undefined, 0)[0], '/run/vivarium');
  assert.equal(registryDirectories('', 7).length, 1);
});
