import assert from 'node:assert/strict';
import { closeSync, fstatSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import { isJournal, withPriority } from './journal.ts';

test('a descriptor is the journal when systemd says so of this very one', (t) => {
  const fd = openSync(join(makeFolder(t), 'journal'), 'w');
  const { dev, ino } = fstatSync(fd, { bigint: true });
  assert.equal(isJournal(fd, { JOURNAL_STREAM: `${dev}:${ino}` }), true);
  assert.equal(isJournal(fd, { JOURNAL_STREAM: `${dev}:${ino + 1n}` }), false);
  assert.equal(isJournal(fd, {}), false);
  closeSync(fd);
  assert.equal(isJournal(fd, { JOURNAL_STREAM: `${dev}:${ino}` }), false);
});

test('each line has the number of its severity', () => {
  assert.equal(withPriority('a\n    b\n', 'error'), '<3>a\n<3>    b\n');
  assert.equal(withPriority('a\n', 'warn'), '<4>a\n');
});
