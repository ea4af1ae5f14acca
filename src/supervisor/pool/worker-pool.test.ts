import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { briefly, PoolSurroundings, SETTINGS } from '../../../test/support/pool-surroundings.ts';

describe('keeping the workers up', () => {
  test('each worker gets requests as soon as it is ready', () => {
    const at = new PoolSurroundings();
    at.pool.start();
    assert.deepEqual([...at.alive], [1, 2]);
    assert.equal(at.settled, 0);
    at.clock.advance(420);
    at.pool.workerReady(2);
    assert.equal(at.settled, 1);
    at.pool.workerReady(1);
    assert.deepEqual(at.told(), ['switch +2 -', 'switch +1 -']);
    assert.deepEqual(at.lines, [
      'worker-started: worker 2 is ready: loading took 0.42 s',
      'worker-started: worker 1 is ready: loading took 0.42 s',
    ]);
    assert.equal(at.clock.pendingTimers, 0);
  });

  test('one that had no gateway to tell that it is ready has its time again', () => {
    const at = new PoolSurroundings(1);
    at.pool.start();
    at.clock.advance(SETTINGS.startupTimeoutMs - 1);
    at.pool.introduction();
    at.clock.advance(SETTINGS.startupTimeoutMs - 1);
    assert.deepEqual(at.signals(), []);
    at.clock.advance(1);
    assert.deepEqual(at.signals(), ['TERM 1']);
  });

  test('one that dies is replaced at once, and the gateway hears why', () => {
    const at = new PoolSurroundings().serve();
    at.exit(1, 'was killed by SIGSEGV (segmentation fault)');
    assert.deepEqual([...at.alive], [2, 3]);
    assert.deepEqual(at.told(), ['exited 1: was killed by SIGSEGV (segmentation fault)']);
    at.pool.workerReady(3);
    assert.deepEqual(at.told(), ['switch +3 -']);
    assert.equal(
      at.lines.at(-1),
      'worker-replaced: worker 3 took the place of worker 1: loading took 0.00 s',
    );
  });

  test('one that keeps dying young waits longer and longer; a long life makes up for it', () => {
    const at = new PoolSurroundings(1).serve();
    const waitsMs = [];
    for (let i = 0; i < 8; i++) {
      const before = at.spawned;
      at.exit(before);
      let waitedMs = 0;
      for (; at.spawned === before; waitedMs += 250) at.clock.advance(250);
      waitsMs.push(waitedMs);
      at.pool.workerReady(at.spawned);
    }
    assert.deepEqual(waitsMs, [0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
    at.clock.advance(10_000);
    at.exit(at.spawned);
    assert.deepEqual([...at.alive], [at.spawned]);
  });

  test('one that is broken is stopped and replaced', () => {
    const at = new PoolSurroundings().serve();
    at.pool.workerBroken(1, 'sent a frame of unknown kind 9');
    assert.deepEqual(at.signals(), ['TERM 1']);
    assert.equal(at.spawned, 3);
    at.clock.advance(SETTINGS.shutdownTimeoutMs);
    assert.deepEqual(at.signals(), ['KILL 1']);
    at.exit(1);
    assert.equal(at.spawned, 3);
    assert.ok(at.lines.includes('worker-failed: worker 1 sent a frame of unknown kind 9'));
  });

  test('one that was told to stop by somebody else finishes by itself while another starts', () => {
    const at = new PoolSurroundings().serve();
    at.pool.workerStopping(1);
    assert.deepEqual(at.signals(), []);
    assert.equal(at.spawned, 3);
    at.exit(1, 'exited with status 0');
    assert.equal(at.spawned, 3);
  });

  test('one that is not ready in time is stopped, killed, and tried again', () => {
    const at = new PoolSurroundings(1);
    at.pool.start();
    at.clock.advance(SETTINGS.startupTimeoutMs);
    assert.deepEqual(at.signals(), ['TERM 1']);
    assert.deepEqual(at.told(), ['unavailable: was not ready within 15 s']);
    assert.deepEqual([...at.alive], [1, 2]);
    at.clock.advance(SETTINGS.shutdownTimeoutMs);
    assert.deepEqual(at.signals(), ['KILL 1']);
    at.pool.workerReady(1); // Too late.
    assert.deepEqual(at.told(), []);
  });
});

describe('an application that cannot be loaded', () => {
  test('is reported to the gateway; its traceback is written once, then one line', () => {
    const at = new PoolSurroundings(1);
    at.pool.start();
    at.fail(1, 'Traceback\n  File "x"\nImportError: no\n');
    assert.deepEqual(at.told(), [
      'unavailable: could not load the application: ImportError: no',
      'exited 1: exited with status 3',
    ]);
    assert.equal(at.settled, 1);
    at.fail(2, 'Traceback\n  File "x"\nImportError: no\n');
    at.clock.advance(1000);
    at.fail(3, 'Traceback\n  File "y"\nSyntaxError: other\n');
    assert.deepEqual(
      at.lines.filter((line) => line.startsWith('worker-failed')).map((line) => line.replace(/\n +/g, '|')),
      [
        'worker-failed: worker 1 could not load the application:|Traceback|File "x"|ImportError: no',
        'worker-failed: worker 2 could not load the application, as before: ImportError: no',
        'worker-failed: worker 3 could not load the application:|Traceback|File "y"|SyntaxError: other',
      ],
    );
  });

  test('is tried by one worker, and by all again when that one could be started', () => {
    const at = new PoolSurroundings(4);
    at.pool.start();
    for (const worker of [1, 2, 3, 4]) at.fail(worker);
    // The last of the four was replaced, and tries for all.
    assert.deepEqual([...at.alive], [5]);
    at.fail(5);
    at.clock.advance(999);
    assert.deepEqual([...at.alive], []);
    at.clock.advance(1);
    assert.deepEqual([...at.alive], [6]);
    at.pool.workerReady(6);
    assert.deepEqual([...at.alive], [6, 7, 8, 9]);
  });

  test('a worker that fails while others serve does not make the application unavailable', () => {
    const at = new PoolSurroundings().serve();
    at.exit(1);
    at.told();
    at.fail(3);
    assert.deepEqual(at.told(), ['exited 3: exited with status 3']);
  });
});

describe('a new gateway', () => {
  test('hears of every living worker, and which ones get requests', () => {
    const at = new PoolSurroundings().serve();
    at.exit(1);
    assert.deepEqual(at.pool.introduction().map(briefly), ['expect 2', 'expect 3', 'switch +2 -']);
  });

  test('ends the wait for requests that died with the old one', () => {
    const at = new PoolSurroundings(1).serve();
    at.pool.reload();
    at.pool.workerReady(2);
    assert.deepEqual(at.pool.introduction().map(briefly), ['expect 2', 'switch +2 -']);
    assert.deepEqual(at.signals(), ['TERM 1']);
  });

  test('hears that the application cannot be loaded', () => {
    const at = new PoolSurroundings(1);
    at.pool.start();
    at.fail(1);
    assert.deepEqual(at.pool.introduction().map(briefly), [
      'expect 2',
      'unavailable: could not load the application: ImportError: no',
    ]);
  });

  test('a worker that does not come back to it is replaced', () => {
    const at = new PoolSurroundings().serve();
    at.pool.introduction();
    at.pool.workerReady(1);
    at.clock.advance(SETTINGS.startupTimeoutMs);
    assert.deepEqual(at.signals(), ['TERM 2']);
    assert.deepEqual([...at.alive], [1, 2, 3]);
    assert.ok(at.lines.includes('worker-failed: worker 2 did not come back to the new gateway within 15 s'));
  });
});

describe('stopping', () => {
  test('all workers are told, killed when they do not listen, and none is replaced', async () => {
    const at = new PoolSurroundings().serve();
    at.pool.reload();
    const stopped = at.pool.stop();
    assert.deepEqual(at.signals(), ['TERM 1', 'TERM 2', 'TERM 3', 'TERM 4']);
    assert.equal(at.stopReasons.at(-1), '4: shutdown_signal');
    for (const worker of [1, 3, 4]) at.exit(worker, 'exited with status 0');
    at.pool.reload();
    at.clock.advance(SETTINGS.shutdownTimeoutMs);
    assert.deepEqual(at.signals(), ['KILL 2']);
    at.exit(2);
    await stopped;
    assert.equal(at.spawned, 4);
    assert.equal(at.clock.pendingTimers, 0);
  });

  test('a restart that waits is given up', async () => {
    const at = new PoolSurroundings(1);
    at.pool.start();
    at.fail(1);
    at.fail(2);
    await at.pool.stop();
    at.clock.advance(60_000);
    assert.equal(at.spawned, 2);
  });
});
