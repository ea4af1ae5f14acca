import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { briefly, PoolSurroundings, SETTINGS } from '../../../test/support/pool-surroundings.ts';

describe('reload', () => {
  test('all new workers first, then one switch, then each old one stops when its requests are done', () => {
    const at = new PoolSurroundings().serve();
    at.pool.reload();
    assert.deepEqual([...at.alive], [1, 2, 3, 4]);
    at.pool.workerReady(4);
    assert.deepEqual(at.told(), []);
    at.pool.workerReady(3);
    assert.deepEqual(at.told(), ['switch +3,4 -1,2']);
    assert.deepEqual(at.signals(), []);
    at.pool.workerDrained(2);
    assert.deepEqual(at.signals(), ['TERM 2']);
    at.exit(2, 'exited with status 0');
    at.clock.advance(SETTINGS.gracefulTimeoutMs);
    assert.deepEqual(at.signals(), ['TERM 1']);
    assert.deepEqual(at.stopReasons, ['2: script_reload', '1: script_reload']);
    at.clock.advance(SETTINGS.shutdownTimeoutMs);
    assert.deepEqual(at.signals(), ['KILL 1']);
    at.exit(1);
    assert.deepEqual([...at.alive], [3, 4]);
    assert.equal(at.clock.pendingTimers, 0);
  });

  test('its workers are of the next generation, and one that is replaced meanwhile is of the one before', () => {
    const at = new PoolSurroundings().serve();
    at.pool.reload();
    at.exit(1);
    const found = [...at.pool.members].map(({ process }) => process.identity);
    assert.deepEqual(
      found.map(({ worker, generation }) => [worker, generation]),
      [
        [2, 0],
        [3, 1],
        [4, 1],
        [5, 0],
      ],
    );
  });

  for (const [what, happens] of [
    ['fails to load', (at: PoolSurroundings) => at.fail(4)],
    ['exits before it is ready', (at: PoolSurroundings) => at.exit(4)],
    ['exits when it is ready and waits for the others', (at: PoolSurroundings) => at.exit(3)],
    ['is not ready in time', (at: PoolSurroundings) => at.clock.advance(SETTINGS.startupTimeoutMs)],
    ['breaks the protocol', (at: PoolSurroundings) => at.pool.workerBroken(3, 'is broken')],
  ] as const) {
    test(`when a new worker ${what}, the new ones stop and the old ones go on`, () => {
      const at = new PoolSurroundings().serve();
      at.pool.reload();
      at.pool.workerReady(3);
      happens(at);
      assert.equal(at.spawned, 4);
      for (const worker of [3, 4]) if (at.alive.has(worker)) at.exit(worker, 'exited with status 0');
      assert.deepEqual([...at.alive], [1, 2]);
      assert.deepEqual(
        at.told().filter((message) => message.startsWith('switch')),
        [],
      );
      assert.ok(at.lines.some((line) => line.startsWith('reload-failed: worker')));
      assert.equal(at.clock.pendingTimers, 0);
    });
  }

  test('workers that have been ready for a moment only are not relied on yet', () => {
    const at = new PoolSurroundings(2, {}, () => 0, { settleMs: 1000 }).serve();
    at.pool.reload();
    at.clock.advance(200);
    at.pool.workerReady(3);
    at.pool.workerReady(4);
    at.clock.advance(799);
    assert.deepEqual(at.told(), []);
    at.clock.advance(1);
    assert.deepEqual(at.told(), ['switch +3,4 -1,2']);
    // What has taken that long to load is old enough.
    at.pool.reload();
    at.clock.advance(1500);
    at.pool.workerReady(5);
    at.pool.workerReady(6);
    assert.deepEqual(at.told(), ['switch +5,6 -3,4']);
  });

  for (const [what, happens] of [
    ['a worker that ends meanwhile ends the reload', (at: PoolSurroundings) => at.exit(4)],
    ['so does a stop', (at: PoolSurroundings) => void at.pool.stop()],
  ] as const) {
    test(`${what}, and nothing is switched later`, () => {
      const at = new PoolSurroundings(2, {}, () => 0, { settleMs: 1000 }).serve();
      at.pool.reload();
      at.pool.workerReady(3);
      at.pool.workerReady(4);
      happens(at);
      at.clock.advance(60_000);
      assert.deepEqual(
        at.told().filter((message) => message.startsWith('switch')),
        [],
      );
    });
  }

  test('reloads asked for during a reload become one more', () => {
    const at = new PoolSurroundings(1).serve();
    for (let i = 0; i < 5; i++) at.pool.reload();
    assert.deepEqual([...at.alive], [1, 2]);
    at.pool.workerReady(2);
    assert.deepEqual([...at.alive], [1, 2, 3]);
    at.pool.workerReady(3);
    assert.deepEqual(at.told(), ['switch +2 -1', 'switch +3 -2']);
    assert.equal(at.spawned, 3);
  });

  test('a worker that dies during a reload is replaced, whatever becomes of the reload', () => {
    const at = new PoolSurroundings().serve();
    at.pool.reload();
    at.exit(1);
    assert.deepEqual([...at.alive], [2, 3, 4, 5]);
    at.pool.workerReady(5);
    assert.deepEqual(at.told(), ['exited 1: was killed by SIGKILL', 'switch +5 -']);
    at.pool.workerReady(3);
    at.pool.workerReady(4);
    assert.deepEqual(at.told(), ['switch +3,4 -2,5']);
  });

  test('a replacement that is still loading at the switch is stopped, and so is a restart that waits', () => {
    const at = new PoolSurroundings().serve();
    at.pool.reload();
    at.exit(1);
    at.exit(2);
    at.exit(6, 'exited with status 1');
    assert.equal(at.spawned, 6);
    at.told();
    at.pool.workerReady(3);
    at.pool.workerReady(4);
    assert.deepEqual(at.told(), ['switch +3,4 -']);
    assert.deepEqual(at.signals(), ['TERM 5']);
    at.clock.advance(60_000);
    assert.equal(at.spawned, 6);
  });

  test('mends an application that could not be loaded', () => {
    const at = new PoolSurroundings(1);
    at.pool.start();
    at.fail(1);
    at.fail(2);
    at.pool.reload();
    at.pool.workerReady(3);
    assert.equal(at.told().at(-1), 'switch +3 -');
    at.clock.advance(60_000);
    assert.deepEqual([...at.alive], [3]);
  });
});

test('whatever happens: once things calm down the wanted number of workers gets requests, and no other is left', () => {
  const kinds = [
    'ready',
    'fail',
    'exit',
    'broken',
    'stopping',
    'drained',
    'reload',
    'gateway',
    'wait',
  ] as const;
  const event = fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(event, { maxLength: 60 }), (processes, events) => {
      const at = new PoolSurroundings(processes);
      at.pool.start();
      for (const { kind, pick } of events) {
        const workers = [...at.alive];
        const worker = workers[pick % workers.length] ?? 0;
        if (kind === 'ready') at.pool.workerReady(worker);
        else if (kind === 'fail') at.pool.workerFailed(worker, 'Traceback\nError: x');
        else if (kind === 'exit') at.exit(worker);
        else if (kind === 'broken') at.pool.workerBroken(worker, 'is broken');
        else if (kind === 'stopping') at.pool.workerStopping(worker);
        else if (kind === 'drained') at.pool.workerDrained(worker);
        else if (kind === 'reload') at.pool.reload();
        else if (kind === 'gateway') at.pool.introduction();
        else at.clock.advance(pick % 40_000);
      }
      calmDown(at);
      const introduced = at.pool.introduction().map(briefly);
      const living = [...at.alive];
      assert.equal(living.length, processes);
      assert.deepEqual(introduced, [...living.map((worker) => `expect ${worker}`), `switch +${living} -`]);
    }),
    { numRuns: 500 },
  );
});

/** Every worker becomes ready, and those that got a signal exit. */
function calmDown(at: PoolSurroundings): void {
  for (let round = 0; round < 20; round++) {
    for (const worker of [...at.alive]) at.pool.workerReady(worker);
    at.clock.advance(SETTINGS.gracefulTimeoutMs + SETTINGS.shutdownTimeoutMs);
    for (const signal of at.signals()) {
      const worker = Number(signal.split(' ')[1]);
      if (at.alive.has(worker)) at.exit(worker, 'exited with status 0');
    }
  }
}
