import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { briefly, PoolSurroundings, SETTINGS } from '../../../test/support/pool-surroundings.ts';
import type { ReloadOutcome } from './reloads.ts';
import type { WorkerPool } from './worker-pool.ts';

/** As `vivarium scale` does. */
function scale(pool: WorkerPool, min: number, max = min): Promise<ReloadOutcome> {
  return pool.scaleTo({ min, max }, 'by vivarium scale');
}

function demand(at: PoolSurroundings, waitMs: number, queued = 1, busyThreads = 1): void {
  at.pool.demanded({ type: 'demand', waitMs, queued, busyThreads, isIdle: queued + busyThreads === 0 });
}

/** Requests wait for so long that there must be more workers. */
function press(at: PoolSurroundings): void {
  for (let report = 0; report < 4; report++) demand(at, 100);
}

describe('more', () => {
  test('are started at once, and awaited', async () => {
    const at = new PoolSurroundings(1).serve();
    const outcome = scale(at.pool, 3);
    assert.deepEqual([...at.alive], [1, 2, 3]);
    assert.equal(at.pool.isWhole, false);
    at.pool.workerReady(3);
    at.pool.workerReady(2);
    assert.deepEqual(await outcome, { ok: true, detail: '3 workers serve' });
    assert.deepEqual(at.told(), ['scale 3:3', 'switch +3 -', 'switch +2 -']);
    assert.ok(at.lines.includes('scaled: 3 workers instead of 1: by vivarium scale'));
  });

  test('that cannot be started are tried for, one for all of them, and those who asked are told', async () => {
    const at = new PoolSurroundings(1).serve();
    const outcome = scale(at.pool, 3);
    at.fail(2);
    assert.deepEqual(await outcome, {
      ok: false,
      why: 'worker 2 could not load the application: ImportError: no',
      traceback: 'Traceback\nImportError: no',
    });
    at.fail(3);
    at.fail(4);
    assert.deepEqual([...at.alive], [1]);
    const again = scale(at.pool, 4);
    assert.deepEqual([...at.alive], [1]);
    at.clock.advance(1000);
    assert.deepEqual([...at.alive], [1, 5]);
    at.pool.workerReady(5);
    for (const worker of at.alive) at.pool.workerReady(worker);
    assert.equal((await again).ok, true);
    assert.equal(at.alive.size, 4);
  });
});

describe('fewer', () => {
  test('the youngest finish their requests, for as long as these take', async () => {
    const at = new PoolSurroundings(3).serve();
    const outcome = scale(at.pool, 1);
    assert.deepEqual(await outcome, { ok: true, detail: '1 worker serves' });
    assert.deepEqual(at.told(), ['scale 1:1', 'switch + -2,3']);
    at.clock.advance(10 * SETTINGS.gracefulTimeoutMs);
    assert.deepEqual(at.signals(), []);
    at.pool.workerDrained(2);
    assert.deepEqual(at.signals(), ['TERM 2']);
    at.exit(2, 'exited with status 0');
    assert.deepEqual(at.ends, ['exited with status 0; was not needed any more']);
    assert.deepEqual([...at.alive], [1, 3]);
  });

  test('those that do not serve yet go first', () => {
    const at = new PoolSurroundings(2).serve();
    at.exit(1);
    scale(at.pool, 1);
    assert.deepEqual(at.signals(), ['TERM 3']);
    at.exit(3, 'exited with status 0');
    assert.deepEqual([...at.alive], [2]);
  });

  test('a successor goes with the worker that it was for', () => {
    const at = new PoolSurroundings(2, { maximumRequests: 10 }).serve();
    at.use(2, 10);
    assert.deepEqual([...at.alive], [1, 2, 3]);
    scale(at.pool, 1);
    assert.deepEqual(at.signals(), ['TERM 3']);
    at.exit(3, 'exited with status 0');
    at.exit(2, 'exited with status 0');
    assert.deepEqual([...at.alive], [1]);
  });

  test('one that finishes for long keeps no other from being recycled', () => {
    const at = new PoolSurroundings(3, { maximumRequests: 10 }).serve();
    scale(at.pool, 2);
    at.use(3, 10);
    assert.equal(at.spawned, 3);
    at.use(1, 10);
    assert.equal(at.spawned, 4);
  });
});

describe('during a reload', () => {
  test('the next generation has the present number', () => {
    const at = new PoolSurroundings(1).serve();
    scale(at.pool, 2);
    at.pool.workerReady(2);
    at.pool.reload();
    assert.deepEqual([...at.alive], [1, 2, 3, 4]);
  });

  test('and the number that was asked for meanwhile', async () => {
    const at = new PoolSurroundings(2).serve();
    at.pool.reload();
    const outcome = scale(at.pool, 3);
    assert.deepEqual([...at.alive], [1, 2, 3, 4, 5]);
    for (const worker of [3, 4, 5]) at.pool.workerReady(worker);
    assert.deepEqual([...at.alive], [1, 2, 3, 4, 5, 6]);
    at.pool.workerReady(6);
    assert.deepEqual(await outcome, { ok: true, detail: '3 workers serve' });
  });

  test('nothing changes by itself', () => {
    const at = new PoolSurroundings({ min: 1, max: 4 }).serve();
    at.pool.reload();
    press(at);
    assert.equal(at.spawned, 2);
  });
});

describe('by itself', () => {
  test('the gateway is asked for the demand, and so is the next one', () => {
    const at = new PoolSurroundings({ min: 1, max: 4 }).serve();
    assert.deepEqual(at.pool.introduction().map(briefly), ['expect 1', 'switch +1 -', 'scale 1:4']);
    scale(at.pool, 2);
    assert.ok(at.told().includes('scale 2:2'));
    assert.ok(at.pool.introduction().map(briefly).includes('scale 2:2'));
  });

  test('one more, then two more', () => {
    const at = new PoolSurroundings({ min: 1, max: 8 }).serve();
    press(at);
    assert.deepEqual([...at.alive], [1, 2]);
    press(at);
    assert.equal(at.spawned, 2);
    at.pool.workerReady(2);
    press(at);
    assert.equal(at.spawned, 4);
    assert.deepEqual(at.pool.scale, { min: 1, max: 8, size: 4 });
  });

  test('a stop ends the watch', () => {
    const at = new PoolSurroundings({ min: 1, max: 8 }).serve();
    assert.equal(at.clock.pendingTimers, 1);
    at.pool.stop();
    at.exit(1);
    assert.equal(at.clock.pendingTimers, 0);
  });
});

describe('none at all', () => {
  test('are there at the start, and the server serves', () => {
    const at = new PoolSurroundings({ min: 0, max: 2 });
    at.pool.start();
    assert.deepEqual([at.spawned, at.settled, at.pool.isWhole], [0, 1, true]);
    demand(at, 0);
    assert.equal(at.spawned, 1);
    demand(at, 500);
    assert.equal(at.spawned, 1);
  });

  test('a reload tries the new code with one', async () => {
    const at = new PoolSurroundings({ min: 0, max: 2 });
    at.pool.start();
    const failing = at.pool.reload();
    at.fail(1);
    assert.equal((await failing).ok, false);
    assert.equal(at.alive.size, 0);
    const good = at.pool.reload();
    at.pool.workerReady(2);
    assert.equal((await good).ok, true);
    assert.deepEqual([...at.alive], [2]);
    at.clock.advance(299_000);
    assert.deepEqual(at.signals(), []);
    at.clock.advance(2000);
    at.pool.workerDrained(2);
    assert.deepEqual(at.signals(), ['TERM 2']);
  });

  test('one that cannot be started is tried for until nobody needs it; then requests are taken again', () => {
    const at = new PoolSurroundings({ min: 0, max: 2 });
    at.pool.start();
    demand(at, 0);
    at.fail(1);
    demand(at, 0, 0, 0);
    assert.ok(at.told().some((message) => message.startsWith('unavailable')));
    while (at.clock.now() < 299_000) {
      for (const worker of [...at.alive]) at.fail(worker);
      at.clock.advance(1000);
    }
    assert.ok(at.spawned > 5 && at.pool.unavailable !== null);
    at.told();
    at.clock.advance(1000);
    assert.deepEqual([at.pool.scale.size, at.pool.unavailable], [0, null]);
    assert.ok(at.told().includes('switch + -'));
    for (const worker of [...at.alive]) at.exit(worker);
    at.clock.advance(60_000);
    assert.equal(at.alive.size, 0);
  });
});

test('whatever happens: once things calm down the wanted number of workers gets requests, and no other is left', async () => {
  const kinds = [
    'ready',
    'fail',
    'exit',
    'drained',
    'reload',
    'scale',
    'press',
    'idle',
    'gateway',
    'wait',
  ] as const;
  const event = fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat() });
  await fc.assert(
    fc.asyncProperty(fc.array(event, { maxLength: 60 }), async (events) => {
      const at = new PoolSurroundings({ min: 1, max: 3 });
      at.pool.start();
      for (const { kind, pick } of events) {
        const workers = [...at.alive];
        const worker = workers[pick % workers.length] ?? 0;
        if (kind === 'ready') at.pool.workerReady(worker);
        else if (kind === 'fail') at.pool.workerFailed(worker, 'Traceback\nError: x');
        else if (kind === 'exit') at.exit(worker);
        else if (kind === 'drained') at.pool.workerDrained(worker);
        else if (kind === 'reload') at.pool.reload();
        else if (kind === 'scale') scale(at.pool, pick % 3, 1 + (pick % 5));
        else if (kind === 'press') press(at);
        else if (kind === 'idle') demand(at, 0, 0, 0);
        else if (kind === 'gateway') at.pool.introduction();
        else at.clock.advance(pick % 40_000);
      }
      const wanted = 1 + (events.length % 4);
      const outcome = scale(at.pool, wanted);
      calmDown(at);
      // Also if not as wanted: one may have failed meanwhile.
      await outcome;
      const living = [...at.alive];
      assert.equal(living.length, wanted);
      assert.equal(at.pool.scale.size, wanted);
      const introduced = at.pool.introduction().map(briefly);
      assert.deepEqual(introduced, [
        ...living.map((worker) => `expect ${worker}`),
        `switch +${living} -`,
        `scale ${wanted}:${wanted}`,
      ]);
    }),
    { numRuns: 500 },
  );
});

/** Every worker becomes ready and finishes what it has, and those that got a signal exit. */
function calmDown(at: PoolSurroundings): void {
  for (let round = 0; round < 20; round++) {
    for (const worker of [...at.alive]) {
      at.pool.workerReady(worker);
      at.pool.workerDrained(worker);
    }
    at.clock.advance(SETTINGS.gracefulTimeoutMs + SETTINGS.shutdownTimeoutMs);
    for (const signal of at.signals()) {
      const worker = Number(signal.split(' ')[1]);
      if (at.alive.has(worker)) at.exit(worker, 'exited with status 0');
    }
  }
}
