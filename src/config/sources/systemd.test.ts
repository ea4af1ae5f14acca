import assert from 'node:assert/strict';
import { test } from 'node:test';
import { socketsOfSystemd } from './systemd.ts';

test('descriptors from 3 on are ours when they are meant for this process', () => {
  const [given] = socketsOfSystemd({ LISTEN_FDS: '2', LISTEN_PID: '77' }, 77);
  assert.equal(given?.name, 'listen');
  assert.deepEqual(given?.raw, ['fd:3', 'fd:4']);
});

test('those of another process, or none, are not', () => {
  assert.deepEqual(socketsOfSystemd({ LISTEN_FDS: '2', LISTEN_PID: '78' }, 77), []);
  assert.deepEqual(socketsOfSystemd({ LISTEN_FDS: '0', LISTEN_PID: '77' }, 77), []);
  assert.deepEqual(socketsOfSystemd({ LISTEN_FDS: 'x', LISTEN_PID: '77' }, 77), []);
  assert.deepEqual(socketsOfSystemd({ LISTEN_FDS: '1' }, 77), []);
  assert.deepEqual(socketsOfSystemd({}, 77), []);
});
