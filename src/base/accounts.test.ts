import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findGroup, findUser } from './accounts.ts';

test('a user is found by name and by number', () => {
  const root = findUser('root');
  assert.equal(root?.uid, 0);
  assert.equal(root?.gid, 0);
  assert.deepEqual(findUser('0'), root);
});

test('a group is found by name and by number', () => {
  const group = findGroup('0');
  assert.equal(group?.gid, 0);
  assert.deepEqual(findGroup(group!.name), group);
});

test('who is not there is not found', () => {
  assert.equal(findUser('nobody-of-this-name'), null);
  assert.equal(findUser('-s'), null);
  assert.equal(findUser(''), null);
  assert.equal(findGroup('4294967294'), null);
});
