import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCause, kindOfDeath, OutOfMemoryWatch } from './exit-cause.ts';

test('causes complete a sentence', () => {
  assert.equal(exitCause(1, null, false), 'exited with status 1');
  assert.equal(exitCause(null, 'SIGKILL', false), 'was killed by SIGKILL');
  assert.equal(exitCause(null, 'SIGSEGV', false), 'was killed by SIGSEGV (segmentation fault)');
  assert.equal(
    exitCause(null, 'SIGKILL', true),
    'was killed by SIGKILL (by the kernel, which was out of memory)',
  );
});

test('the kind of a death is known from its cause', () => {
  assert.equal(kindOfDeath(exitCause(1, null, false)), 'exited');
  assert.equal(kindOfDeath(exitCause(null, 'SIGSEGV', false)), 'killed');
  assert.equal(kindOfDeath(exitCause(null, 'SIGKILL', true)), 'out_of_memory');
  assert.equal(kindOfDeath(exitCause(71, null, false)), 'out_of_memory');
});

test('each out-of-memory kill accounts for one death, and those before us for none', () => {
  let kills = 5;
  const watch = new OutOfMemoryWatch(() => kills);
  assert.equal(watch.claim(), false);
  kills = 7;
  assert.deepEqual([watch.claim(), watch.claim(), watch.claim()], [true, true, false]);
});

test('the counter of this machine can be read or is absent, without an error', () => {
  assert.equal(new OutOfMemoryWatch().claim(), false);
});
