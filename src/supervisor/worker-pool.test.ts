import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { FakeClock } from '../../test/support/fake-clock.ts';
import type { ToGateway } from '../control/messages.ts';
import { createLog } from '../telemetry/log.ts';
import { WorkerPool } from './worker-pool.ts';

const SETTINGS = {
  processes: 2,
  startupTimeoutMs: 15_000,
  gracefulTimeoutMs: 30_000,
  shutdownTimeoutMs: 5000,
};

/** A pool with its surroundings: what it did is kept in `told`, `signals` and `lines`. */
class Surroundings {
  readonly clock = new FakeClock();
  readonly alive = new Set<number>();
  readonly lines: string[] = [];
  settled = 0;
  spawned = 0;
  #told: string[] = [];
  #signals: string[] = [];
  readonly pool: WorkerPool;

  constructor(processes = 2) {
    const effects = {
      spawn: (worker: number) => {
        this.spawned = worker;
        this.alive.add(worker);
        return {
          identity: { worker, token: String(worker), threads: 1, ledgerPath: '' },
          label: `worker ${worker}`,
          terminate: () => this.#signals.push(`TERM ${worker}`),
          kill: () => this.#signals.push(`KILL ${worker}`),
        };
      },
      tell: (message: ToGateway) => this.#told.push(briefly(message)),
      settled: () => this.settled++,
    };
    const log = createLog('test', 'debug', (line) =>
      this.lines.push(line.replace(/^.*\[test\] /, '').trim()),
    );
    this.pool = new WorkerPool({ ...SETTINGS, processes }, effects, this.clock, log, () => 0);
  }

  /** What was told since the last call. */
  told(): string[] {
    return this.#told.splice(0);
  }

  signals(): string[] {
    return this.#signals.splice(0);
  }

  exit(worker: number, cause = 'was killed by SIGKILL'): void {
    this.alive.delete(worker);
    this.pool.workerExited(worker, cause);
  }

  fail(worker: number, traceback = 'Traceback\nImportError: no'): void {
    this.pool.workerFailed(worker, traceback);
    this.exit(worker, 'exited with status 3');
  }

  /** Starts, and makes all workers ready. */
  serve(): this {
    this.pool.start();
    for (const worker of [...this.alive]) this.pool.workerReady(worker);
    this.told();
    return this;
  }
}

function briefly(message: ToGateway): string {
  if (message.type === 'switch') return `switch +${message.activate} -${message.drain}`;
  if (message.type === 'worker-exited') return `exited ${message.worker}: ${message.cause}`;
  if (message.type === 'application-unavailable') return `unavailable: ${message.why}`;
  if (message.type === 'expect-worker') return `expect ${message.identity.worker}`;
  return message.type;
}

describe('keeping the workers up', () => {
  test('each worker gets requests as soon as it is ready', () => {
    const at = new Surroundings();
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

  test('one that dies is replaced at once, and the gateway hears why', () => {
    const at = new Surroundings().serve();
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
    const at = new Surroundings(1).serve();
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
    const at = new Surroundings().serve();
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
    const at = new Surroundings().serve();
    at.pool.workerStopping(1);
    assert.deepEqual(at.signals(), []);
    assert.equal(at.spawned, 3);
    at.exit(1, 'exited with status 0');
    assert.equal(at.spawned, 3);
  });

  test('one that is not ready in time is stopped, killed, and tried again', () => {
    const at = new Surroundings(1);
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
    const at = new Surroundings(1);
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
    const at = new Surroundings(4);
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
    const at = new Surroundings().serve();
    at.exit(1);
    at.told();
    at.fail(3);
    assert.deepEqual(at.told(), ['exited 3: exited with status 3']);
  });
});

describe('reload', () => {
  test('all new workers first, then one switch, then each old one stops when its requests are done', () => {
    const at = new Surroundings().serve();
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
    at.clock.advance(SETTINGS.shutdownTimeoutMs);
    assert.deepEqual(at.signals(), ['KILL 1']);
    at.exit(1);
    assert.deepEqual([...at.alive], [3, 4]);
    assert.equal(at.clock.pendingTimers, 0);
  });

  for (const [what, happens] of [
    ['fails to load', (at: Surroundings) => at.fail(4)],
    ['exits before it is ready', (at: Surroundings) => at.exit(4)],
    ['exits when it is ready and waits for the others', (at: Surroundings) => at.exit(3)],
    ['is not ready in time', (at: Surroundings) => at.clock.advance(SETTINGS.startupTimeoutMs)],
    ['breaks the protocol', (at: Surroundings) => at.pool.workerBroken(3, 'is broken')],
  ] as const) {
    test(`when a new worker ${what}, the new ones stop and the old ones go on`, () => {
      const at = new Surroundings().serve();
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

  test('reloads asked for during a reload become one more', () => {
    const at = new Surroundings(1).serve();
    for (let i = 0; i < 5; i++) at.pool.reload();
    assert.deepEqual([...at.alive], [1, 2]);
    at.pool.workerReady(2);
    assert.deepEqual([...at.alive], [1, 2, 3]);
    at.pool.workerReady(3);
    assert.deepEqual(at.told(), ['switch +2 -1', 'switch +3 -2']);
    assert.equal(at.spawned, 3);
  });

  test('a worker that dies during a reload is replaced, whatever becomes of the reload', () => {
    const at = new Surroundings().serve();
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
    const at = new Surroundings().serve();
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
    const at = new Surroundings(1);
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

describe('a new gateway', () => {
  test('hears of every living worker, and which ones get requests', () => {
    const at = new Surroundings().serve();
    at.exit(1);
    assert.deepEqual(at.pool.introduction().map(briefly), ['expect 2', 'expect 3', 'switch +2 -']);
  });

  test('ends the wait for requests that died with the old one', () => {
    const at = new Surroundings(1).serve();
    at.pool.reload();
    at.pool.workerReady(2);
    assert.deepEqual(at.pool.introduction().map(briefly), ['expect 2', 'switch +2 -']);
    assert.deepEqual(at.signals(), ['TERM 1']);
  });

  test('hears that the application cannot be loaded', () => {
    const at = new Surroundings(1);
    at.pool.start();
    at.fail(1);
    assert.deepEqual(at.pool.introduction().map(briefly), [
      'expect 2',
      'unavailable: could not load the application: ImportError: no',
    ]);
  });

  test('a worker that does not come back to it is replaced', () => {
    const at = new Surroundings().serve();
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
    const at = new Surroundings().serve();
    at.pool.reload();
    const stopped = at.pool.stop();
    assert.deepEqual(at.signals(), ['TERM 1', 'TERM 2', 'TERM 3', 'TERM 4']);
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
    const at = new Surroundings(1);
    at.pool.start();
    at.fail(1);
    at.fail(2);
    await at.pool.stop();
    at.clock.advance(60_000);
    assert.equal(at.spawned, 2);
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
      const at = new Surroundings(processes);
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
function calmDown(at: Surroundings): void {
  for (let round = 0; round < 20; round++) {
    for (const worker of [...at.alive]) at.pool.workerReady(worker);
    at.clock.advance(SETTINGS.gracefulTimeoutMs + SETTINGS.shutdownTimeoutMs);
    for (const signal of at.signals()) {
      const worker = Number(signal.split(' ')[1]);
      if (at.alive.has(worker)) at.exit(worker, 'exited with status 0');
    }
  }
}
