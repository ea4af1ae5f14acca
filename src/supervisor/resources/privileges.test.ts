import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findIdentity } from './privileges.ts';

const isRoot = process.getuid!() === 0;

test('nothing asked, or what we are already: no change', () => {
  assert.equal(findIdentity(null, null), null);
  assert.equal(findIdentity(String(process.getuid!()), String(process.getgid!())), null);
});

test('unknown names are refused', () => {
  assert.throws(() => findIdentity('no-such-user', null), { message: /there is no user "no-such-user"/ });
  assert.throws(() => findIdentity(null, 'no-such-group'), { message: /there is no group "no-such-group"/ });
});

test('names, numbers and a group of its own', { skip: isRoot ? false : 'needs root' }, () => {
  assert.deepEqual(findIdentity('nobody', null), { uid: 65534, gid: 65534 });
  assert.deepEqual(findIdentity('65534', null), { uid: 65534, gid: 65534 });
  assert.deepEqual(findIdentity('54321', null), { uid: 54321, gid: 54321 });
  assert.deepEqual(findIdentity('nobody', 'daemon'), { uid: 65534, gid: 1 });
  assert.deepEqual(findIdentity(null, 'daemon'), { uid: 0, gid: 1 });
});

test('only root can change user', { skip: isRoot ? 'we are root' : false }, () => {
  assert.throws(() => findIdentity('root', null), {
    message: /cannot run as user root: only root can change/,
  });
});
