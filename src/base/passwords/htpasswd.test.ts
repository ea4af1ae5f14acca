import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseGroups, parsePasswords, withLines } from './htpasswd.ts';

const SHA = '{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=';

test('users and their hashes', () => {
  const { hashes, mistakes } = parsePasswords(
    Buffer.from(`# people\n\nalice:${SHA}\r\nbob:${SHA}:a comment, as some tools write\n`),
  );
  assert.deepEqual(
    [...hashes],
    [
      ['alice', SHA],
      ['bob', SHA],
    ],
  );
  assert.deepEqual(mistakes, []);
});

test('lines that mean nothing are named, and let nobody in', () => {
  const { hashes, mistakes } = parsePasswords(
    Buffer.from(`alice\n:${SHA}\nbob:secret\ncarol:${SHA}\ncarol:${SHA}\n`),
  );
  assert.deepEqual([...hashes.keys()], ['carol']);
  assert.deepEqual(mistakes, [
    'line 1: no user and hash with a colon between them',
    'line 2: no user and hash with a colon between them',
    'line 3: no hash of bcrypt, $apr1$, $1$, $5$, $6$, {SHA} or {SSHA}',
    'line 5: a second line for the same user',
  ]);
});

test('groups', () => {
  const { users, mistakes } = parseGroups(
    Buffer.from('staff: alice bob\nstaff: carol\nempty:\n# no\nnonsense\n'),
  );
  assert.deepEqual([...users.get('staff')!], ['alice', 'bob', 'carol']);
  assert.deepEqual([...users.get('empty')!], []);
  assert.deepEqual(mistakes, ['line 5: no group with a colon behind it']);
});

test('a user is added, changed and deleted, and all other lines stay', () => {
  const content = '# people\nalice:x\nbob:y\n';
  assert.equal(withLines('', 'alice:', ['alice:x']), 'alice:x\n');
  assert.equal(withLines(content, 'carol:', ['carol:z']), `${content}carol:z\n`);
  assert.equal(withLines(content, 'alice:', ['alice:z']), '# people\nalice:z\nbob:y\n');
  assert.equal(withLines(content, 'alice:', []), '# people\nbob:y\n');
  assert.equal(withLines('alice:x', 'bob:', ['bob:y']), 'alice:x\nbob:y\n');
  assert.equal(withLines('alice:x\nalice:y\n', 'alice:', ['alice:z']), 'alice:z\n');
});
