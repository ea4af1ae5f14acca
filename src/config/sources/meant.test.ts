import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settingNames } from '../settings/table.ts';
import { meantBy, NAMES_OF_OTHERS } from './meant.ts';

test('a name that another server has leads to ours', () => {
  assert.equal(meantBy('harakiri', settingNames), 'request-timeout');
  assert.equal(meantBy('max_requests', settingNames), 'maximum-requests');
  assert.equal(meantBy('proceses', settingNames), 'processes');
  assert.equal(meantBy('socket', ['threads']), null);
  assert.equal(meantBy('constructor', settingNames), null);
});

test('what they are called here is there', () => {
  const known: readonly string[] = settingNames;
  assert.deepEqual(
    Object.entries(NAMES_OF_OTHERS).filter(([other, own]) => known.includes(other) || !known.includes(own)),
    [],
  );
});
