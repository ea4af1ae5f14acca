import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { PoolSurroundings, SETTINGS } from '../../../test/support/pool-surroundings.ts';

const MIB = 2 ** 20;
const SMALL = { residentBytes: 20 * MIB, dataBytes: 30 * MIB, cpuMs: 500 };

/** The messages with this code, without it. */
function messages(at: PoolSurroundings, code: string): string[] {
  return at.lines.filter((line) => line.startsWith(`${code}: `)).map((line) => line.slice(code.length + 2));
}

/** Workers 1 and 2 serve; what they use is known. */
function serve(
  recycling: ConstructorParameters<typeof PoolSurroundings>[1],
  random?: () => number,
): PoolSurroundings {
  const at = new PoolSurroundings(2, recycling, random);
  for (const worker of [1, 2, 3, 4]) at.usage.set(worker, SMALL);
  return at.serve();
}

/** What a signal or the end of its requests leads to. */
function finish(at: PoolSurroundings, worker: number): void {
  at.pool.workerDrained(worker);
  at.exit(worker, 'exited with status 0');
}

describe('each limit has its worker replaced when it is reached, and not before', () => {
  for (const { recycling, before, reached, why } of [
    {
      recycling: { maximumRequests: 1000 },
      before: (at: PoolSurroundings) => at.use(1, 999),
      reached: (at: PoolSurroundings) => at.use(1, 1),
      why: 'it has answered 1000 requests (maximum-requests 1000)',
    },
    {
      recycling: { restartIntervalMs: 3_600_000 },
      before: (at: PoolSurroundings) => at.clock.advance(3_599_999),
      reached: (at: PoolSurroundings) => at.clock.advance(1),
      why: 'it has served for 3600 s (restart-interval 3600 s)',
    },
    {
      recycling: { inactivityTimeoutMs: 60_000 },
      before: (at: PoolSurroundings) => {
        at.use(1, 1);
        at.clock.advance(59_999);
      },
      reached: (at: PoolSurroundings) => at.clock.advance(1),
      why: 'it has had no request for 60 s (inactivity-timeout 60 s)',
    },
    {
      recycling: { cpuTimeLimitMs: 60_000 },
      before: (at: PoolSurroundings) => {
        at.usage.set(1, { ...SMALL, cpuMs: 59_990 });
        at.clock.advance(1000);
      },
      reached: (at: PoolSurroundings) => {
        at.usage.set(1, { ...SMALL, cpuMs: 60_010 });
        at.clock.advance(1000);
      },
      why: 'it has used 60 s of CPU time (cpu-time-limit 60 s)',
    },
    {
      recycling: { memoryLimit: 300 * MIB },
      before: (at: PoolSurroundings) => {
        at.usage.set(1, { ...SMALL, residentBytes: 300 * MIB - 1 });
        at.clock.advance(1000);
      },
      reached: (at: PoolSurroundings) => {
        at.usage.set(1, { ...SMALL, residentBytes: 312.5 * MIB });
        at.clock.advance(1000);
      },
      why: 'it uses 312.5 MiB of memory (memory-limit 300.0 MiB)',
    },
    {
      recycling: { memoryLimitHard: 400 * MIB },
      before: (at: PoolSurroundings) => {
        at.usage.set(1, { ...SMALL, dataBytes: 360 * MIB - 1 });
        at.clock.advance(1000);
      },
      reached: (at: PoolSurroundings) => {
        at.usage.set(1, { ...SMALL, dataBytes: 361 * MIB });
        at.clock.advance(1000);
      },
      why: 'it has 361.0 MiB of private memory (90 % of memory-limit-hard, 360.0 MiB)',
    },
  ]) {
    test(Object.keys(recycling).join(), () => {
      const at = serve(recycling);
      before(at);
      assert.equal(at.spawned, 2);
      reached(at);
      assert.equal(at.spawned, 3);
      assert.deepEqual(messages(at, 'worker-recycled'), [`worker 1 is replaced: ${why}`]);
      at.pool.workerReady(3);
      at.pool.workerDrained(1);
      const [setting] = /[a-z]+(-[a-z]+)+/.exec(why)!;
      assert.deepEqual(at.stopReasons, [`1: ${setting.replaceAll('-', '_')}`]);
      at.exit(1, 'exited with status 0');
      assert.deepEqual(at.ends, [`exited with status 0; was recycled: ${why}`]);
    });
  }
});

describe('a worker that is replaced', () => {
  test('serves until the new one is ready, then finishes its requests', () => {
    const at = serve({ maximumRequests: 10 });
    at.use(1, 10);
    at.use(1, 10);
    assert.deepEqual([at.told(), at.signals()], [[], []]);
    at.pool.workerReady(3);
    assert.deepEqual([at.told(), at.signals()], [['switch +3 -1'], []]);
    assert.equal(
      at.lines.at(-1),
      'worker-replaced: worker 3 took the place of worker 1: loading took 0.00 s',
    );
    at.pool.workerDrained(1);
    assert.deepEqual(at.signals(), ['TERM 1']);
    at.exit(1, 'exited with status 0');
    assert.deepEqual([...at.alive], [2, 3]);
  });

  test('has the graceful timeout for them, then the shutdown timeout to end', () => {
    const at = serve({ maximumRequests: 10 });
    at.use(1, 10, true);
    at.pool.workerReady(3);
    at.clock.advance(SETTINGS.gracefulTimeoutMs);
    assert.deepEqual(at.signals(), ['TERM 1']);
    at.clock.advance(SETTINGS.shutdownTimeoutMs);
    assert.deepEqual(at.signals(), ['KILL 1']);
  });

  test('may die before the new one is ready, which then has its place, and no other is started', () => {
    const at = serve({ maximumRequests: 10 });
    at.use(1, 10);
    at.exit(1);
    at.pool.workerReady(3);
    assert.deepEqual(at.told(), ['exited 1: was killed by SIGKILL', 'switch +3 -']);
    assert.deepEqual([...at.alive], [2, 3]);
    // It is held in that place like any other.
    at.exit(3);
    at.clock.advance(1000);
    assert.deepEqual([...at.alive], [2, 4]);
  });
});

describe('one at a time', () => {
  test('two workers that reach different limits at once go one after the other', () => {
    const at = serve({ maximumRequests: 10, memoryLimit: 100 * MIB });
    at.usage.set(2, { ...SMALL, residentBytes: 200 * MIB });
    at.use(1, 10);
    at.clock.advance(5000);
    assert.equal(at.spawned, 3);
    at.pool.workerReady(3);
    at.clock.advance(5000);
    // Worker 1 still has requests: there is no room for a fourth.
    assert.equal(at.spawned, 3);
    finish(at, 1);
    at.clock.advance(1000);
    assert.equal(at.spawned, 4);
    at.pool.workerReady(4);
    assert.deepEqual(at.told(), ['switch +3 -1', 'exited 1: exited with status 0', 'switch +4 -2']);
  });

  test('the worker that has served longest goes first, however busy the younger ones are', () => {
    const at = serve({ maximumRequests: 10 });
    at.use(1, 10);
    at.pool.workerReady(3);
    at.use(3, 10);
    at.use(2, 10);
    finish(at, 1);
    at.clock.advance(1000);
    assert.equal(messages(at, 'worker-recycled').length, 2);
    assert.match(messages(at, 'worker-recycled')[1]!, /^worker 2 /);
  });

  test('none goes while the place of one that died is empty', () => {
    const at = serve({ maximumRequests: 10 });
    at.exit(2);
    at.use(1, 10);
    assert.equal(at.spawned, 3);
    at.pool.workerReady(3);
    at.clock.advance(1000);
    assert.equal(at.spawned, 4);
  });
});

describe('a reload', () => {
  test('takes the place of a replacement that has begun, and starts the counts anew', () => {
    const at = serve({ maximumRequests: 10, restartIntervalMs: 100_000 });
    at.clock.advance(99_000);
    at.use(1, 10);
    at.pool.reload();
    assert.deepEqual(at.signals(), ['TERM 3']);
    assert.deepEqual([...at.alive], [1, 2, 3, 4, 5]);
    at.exit(3, 'exited with status 0');
    at.use(2, 10);
    at.pool.workerReady(4);
    at.pool.workerReady(5);
    assert.deepEqual(at.told(), ['exited 3: exited with status 0', 'switch +4,5 -1,2']);
    finish(at, 1);
    finish(at, 2);
    at.clock.advance(99_000);
    at.use(4, 9);
    assert.equal(at.spawned, 5);
    at.clock.advance(1000);
    assert.equal(at.spawned, 6);
  });

  test('that fails leaves the limits as they were', () => {
    const at = serve({ maximumRequests: 10 });
    at.pool.reload();
    at.use(1, 10);
    at.clock.advance(5000);
    assert.equal(at.spawned, 4);
    at.fail(3);
    at.exit(4, 'exited with status 0');
    at.clock.advance(1000);
    assert.deepEqual(messages(at, 'worker-recycled'), [
      'worker 1 is replaced: it has answered 10 requests (maximum-requests 10)',
    ]);
  });
});

describe('a replacement that cannot be used', () => {
  for (const [what, happens, why] of [
    [
      'cannot load the application',
      (at: PoolSurroundings) => at.fail(3),
      'could not load the application: ImportError: no',
    ],
    ['exits', (at: PoolSurroundings) => at.exit(3, 'exited with status 1'), 'exited with status 1'],
    [
      'is not ready in time',
      (at: PoolSurroundings) => {
        at.clock.advance(SETTINGS.startupTimeoutMs);
        at.exit(3, 'exited with status 0');
      },
      'was not ready within 15 s',
    ],
  ] as const) {
    test(`because it ${what} leaves the old one at work, and is tried again`, () => {
      const at = serve({ maximumRequests: 10 });
      at.use(1, 10);
      happens(at);
      assert.deepEqual([...at.alive], [1, 2]);
      assert.deepEqual(messages(at, 'recycling-failed'), [
        `worker 3 ${why}. worker 1, which it was for, goes on`,
      ]);
      assert.ok(!at.told().some((message) => /^(switch|unavailable)/.test(message)));
      at.clock.advance(1000);
      assert.equal(at.spawned, 4);
      at.pool.workerReady(4);
      assert.ok(at.told().includes('switch +4 -1'));
    });
  }

  test('is tried at longer and longer intervals, until one could be used', () => {
    const at = serve({ maximumRequests: 10 });
    const waitsS: number[] = [];
    at.use(1, 10);
    for (let i = 0; i < 7; i++) {
      const before = at.spawned;
      at.fail(before);
      let waitedS = 0;
      for (; at.spawned === before; waitedS++) at.clock.advance(1000);
      waitsS.push(waitedS);
    }
    assert.deepEqual(waitsS, [1, 2, 4, 8, 16, 30, 30]);
    const last = at.spawned;
    at.pool.workerReady(last);
    finish(at, 1);
    at.use(2, 10);
    at.fail(last + 1);
    at.clock.advance(1000);
    assert.equal(at.spawned, last + 2);
  });
});

describe('inactivity', () => {
  test('is nothing to a worker that has served nothing, or that has a request in hand', () => {
    const at = serve({ inactivityTimeoutMs: 60_000 });
    at.use(1, 5, true);
    at.clock.advance(600_000);
    assert.equal(at.spawned, 2);
    at.use(1, 1);
    at.clock.advance(60_000);
    assert.equal(at.spawned, 3);
  });

  test('begins when the gateway dies with the request', () => {
    const at = serve({ inactivityTimeoutMs: 60_000 });
    at.use(1, 5, true);
    at.pool.introduction();
    at.pool.workerReady(1);
    at.pool.workerReady(2);
    at.clock.advance(59_000);
    assert.equal(at.spawned, 2);
    at.clock.advance(1000);
    assert.equal(at.spawned, 3);
  });
});

test('requests are counted across gateways', () => {
  const at = serve({ maximumRequests: 10 });
  at.use(1, 6);
  at.pool.introduction();
  at.pool.workerReady(1);
  at.use(1, 4);
  assert.equal(at.spawned, 3);
});

test('each worker has limits of its own, less a random part of what loading has left of them', () => {
  const randoms = [0.5, 0.999];
  const jitter = { maximumRequests: 1000, memoryLimit: 120 * MIB, jitter: 0.1 };
  const at = serve(jitter, () => randoms.shift() ?? 0);
  at.use(1, 949);
  at.use(2, 900);
  assert.equal(at.spawned, 2);
  at.use(1, 1);
  assert.equal(
    messages(at, 'worker-recycled')[0],
    'worker 1 is replaced: it has answered 950 requests (maximum-requests 1000, for this worker 950)',
  );
  at.pool.workerReady(3);
  finish(at, 1);
  // 20 MiB by loading, and 9 tenths of the other 100.
  at.usage.set(2, { ...SMALL, residentBytes: 110.2 * MIB });
  at.clock.advance(1000);
  assert.equal(
    messages(at, 'worker-recycled')[1],
    'worker 2 is replaced: it uses 110.2 MiB of memory (memory-limit 120.0 MiB, for this worker 110.0 MiB)',
  );
});

test('a limit that loading alone reaches is left alone, with a warning, instead of replacing for ever', () => {
  const at = serve({ memoryLimit: 20 * MIB, cpuTimeLimitMs: 60_000 });
  at.clock.advance(10_000);
  assert.equal(at.spawned, 2);
  assert.deepEqual(messages(at, 'limit-too-low'), [
    'worker 1 has come to 20.0 MiB by loading the application alone (memory-limit 20.0 MiB): it is not replaced for that',
  ]);
  at.usage.set(2, { ...SMALL, cpuMs: 60_000 });
  at.clock.advance(1000);
  assert.equal(at.spawned, 3);
});

test('a limit that this system cannot watch is said once, and the others hold', () => {
  const at = new PoolSurroundings(2, { memoryLimit: 20 * MIB, maximumRequests: 10 }).serve();
  assert.equal(messages(at, 'limit-not-watched').length, 1);
  assert.match(messages(at, 'limit-not-watched')[0]!, /^memory-limit: /);
  at.use(2, 10);
  assert.equal(at.spawned, 3);
});

test('without limits nothing is watched, and a stop ends the watch', () => {
  assert.equal(new PoolSurroundings(2).serve().clock.pendingTimers, 0);
  const at = serve({ restartIntervalMs: 1000 });
  assert.equal(at.clock.pendingTimers, 1);
  at.pool.stop();
  for (const worker of [1, 2]) at.exit(worker, 'exited with status 0');
  assert.equal(at.clock.pendingTimers, 0);
  assert.equal(at.spawned, 2);
});

test('whatever happens: no worker stops before another has its place, and there is never more than one too many', () => {
  const kinds = ['use', 'use', 'ready', 'fail', 'exit', 'drained', 'wait'] as const;
  const event = fc.record({ kind: fc.constantFrom(...kinds), pick: fc.nat() });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(event, { maxLength: 80 }), (processes, events) => {
      const at = new PoolSurroundings(processes, { maximumRequests: 3, restartIntervalMs: 20_000 }).serve();
      const active = new Set(at.alive);
      for (const { kind, pick } of events) {
        const workers = [...at.alive];
        const worker = workers[pick % workers.length] ?? 0;
        if (kind === 'use') at.use(worker, pick % 4, pick % 3 === 0);
        else if (kind === 'ready') at.pool.workerReady(worker);
        else if (kind === 'fail') at.pool.workerFailed(worker, 'Traceback\nError: x');
        else if (kind === 'exit') at.exit(worker);
        else if (kind === 'drained') at.pool.workerDrained(worker);
        else at.clock.advance(pick % 5000);
        followSwitches(at, active);
        for (const signal of at.signals()) {
          const stopped = Number(signal.split(' ')[1]);
          assert.ok(!active.has(stopped), `${signal} while it gets requests`);
          at.exit(stopped, 'exited with status 0');
        }
        // One that has failed ends by itself; nobody waits for that.
        const kept = [...at.pool.members].filter(({ failure }) => failure === null);
        assert.ok(kept.length <= processes + 1, `${kept.length} workers`);
      }
      settle(at);
      assert.equal(at.alive.size, processes);
    }),
    { numRuns: 500 },
  );
});

/** Keeps the set of workers that get requests. Whoever leaves it has a successor. */
function followSwitches(at: PoolSurroundings, active: Set<number>): void {
  for (const message of at.told()) {
    const [, added, drained] = /^switch \+(\S*) -(\S*)$/.exec(message) ?? [];
    const numbers = (list = '') => list.split(',').filter(Boolean).map(Number);
    assert.ok(numbers(added).length >= numbers(drained).length, message);
    for (const worker of numbers(added)) active.add(worker);
    for (const worker of numbers(drained)) active.delete(worker);
  }
  for (const worker of active) if (!at.alive.has(worker)) active.delete(worker);
}

/** Every worker becomes ready and ends when it is told to. Nobody sends requests, so only age replaces one. */
function settle(at: PoolSurroundings): void {
  for (let round = 0; round < 60; round++) {
    for (const worker of [...at.alive]) {
      at.pool.workerReady(worker);
      at.pool.workerDrained(worker);
    }
    for (const signal of at.signals()) at.exit(Number(signal.split(' ')[1]), 'exited with status 0');
    at.clock.advance(round < 50 ? 1000 : 0);
  }
}

describe('a worker with a request that does not end', () => {
  const WHY = 'GET /stuck does not end';

  test('is replaced, the new one first, also when no limit is set', () => {
    const at = new PoolSurroundings(2).serve();
    at.pool.workerStuck(1, WHY);
    at.pool.workerStuck(1, 'another one neither');
    assert.deepEqual([...at.alive], [1, 2, 3]);
    assert.deepEqual(messages(at, 'worker-recycled'), [`worker 1 is replaced: ${WHY}`]);
    assert.deepEqual([at.told(), at.signals()], [[], []]);
    at.pool.workerReady(3);
    assert.deepEqual(at.told(), ['switch +3 -1']);
    at.clock.advance(SETTINGS.gracefulTimeoutMs);
    assert.deepEqual(at.signals(), ['TERM 1']);
    assert.deepEqual(at.stopReasons, ['1: request_timeout']);
    at.clock.advance(SETTINGS.shutdownTimeoutMs);
    assert.deepEqual(at.signals(), ['KILL 1']);
    at.exit(1);
    at.clock.advance(60_000);
    assert.deepEqual([...at.alive], [2, 3]);
    assert.equal(at.clock.pendingTimers, 0);
  });

  test('waits while another one is away, then it is its turn', () => {
    const at = new PoolSurroundings(2).serve();
    at.pool.workerStuck(1, WHY);
    at.pool.workerStuck(2, WHY);
    at.pool.workerReady(3);
    at.pool.workerDrained(1);
    assert.deepEqual([...at.alive], [1, 2, 3]);
    at.exit(1, 'exited with status 0');
    assert.deepEqual([...at.alive], [2, 3, 4]);
    at.pool.workerReady(4);
    assert.deepEqual(at.told().at(-1), 'switch +4 -2');
  });

  test('is tried for again when the replacement cannot be used', () => {
    const at = new PoolSurroundings(1).serve();
    at.pool.workerStuck(1, WHY);
    at.fail(2);
    assert.deepEqual([...at.alive], [1]);
    at.clock.advance(3000);
    assert.deepEqual([...at.alive], [1, 3]);
  });

  test('that leaves anyway is left to go', () => {
    const at = new PoolSurroundings(1).serve();
    at.pool.workerStopping(1);
    at.pool.workerStuck(1, WHY);
    at.pool.workerStuck(77, WHY);
    assert.deepEqual(messages(at, 'worker-recycled'), []);
  });
});

describe('a worker that was told to go', () => {
  function evict(evictionTimeoutMs: number) {
    const at = new PoolSurroundings(1, {}, undefined, { evictionTimeoutMs }).serve();
    at.pool.workerStuck(1, 'it was told to go by SIGUSR1', 'eviction_signal');
    at.pool.workerStuck(1, 'it was told to go by SIGUSR1', 'eviction_signal');
    assert.deepEqual(messages(at, 'worker-recycled'), ['worker 1 is replaced: it was told to go by SIGUSR1']);
    assert.deepEqual([at.told(), at.signals()], [[], []]);
    at.pool.workerReady(2);
    assert.deepEqual(at.told(), ['switch +2 -1']);
    return at;
  }

  test('has eviction-timeout for its requests', () => {
    const at = evict(45_000);
    at.clock.advance(44_999);
    assert.deepEqual(at.signals(), []);
    at.clock.advance(1);
    assert.deepEqual(at.signals(), ['TERM 1']);
  });

  test('has graceful-timeout when there is none', () => {
    const at = evict(0);
    at.clock.advance(SETTINGS.gracefulTimeoutMs - 1);
    assert.deepEqual(at.signals(), []);
    at.clock.advance(1);
    assert.deepEqual(at.signals(), ['TERM 1']);
  });
});
