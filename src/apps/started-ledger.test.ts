import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import { readLedger } from './started-ledger.ts';

test('one number a thread', (t) => {
  const folder = makeFolder(t, { ledger: '\x01\0\0\0\x02\x01\0\0' });
  assert.deepEqual(readLedger(`${folder}/ledger`, 2), [1, 258]);
  assert.deepEqual(readLedger(`${folder}/ledger`, 1), [1]);
});

test('a ledger that is missing or too short says nothing', (t) => {
  const folder = makeFolder(t, { short: '\x01\0\0\0\x02\x01\0', empty: '' });
  assert.equal(readLedger(`${folder}/short`, 2), null);
  assert.equal(readLedger(`${folder}/empty`, 1), null);
  assert.equal(readLedger(`${folder}/missing`, 1), null);
});
