import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SimulatedLoad } from '../../../test/support/simulated-load.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const MIB = 2 ** 20;
/** Requests a second that one worker (4 threads, 100 ms each) can just do. */
const WORKER = 40;

describe('more workers', () => {
  test('one, then two, then four more, while requests go on waiting', () => {
    const load = new SimulatedLoad({ min: 1, max: 16 }, { seed: 0 });
    load.run(20 * SECOND, () => 7 * WORKER);
    // What came meanwhile has to be done, too.
    assert.deepEqual(load.sizes, [1, 2, 4, 8, 16]);
    load.run(10 * SECOND, () => 7 * WORKER);
    assert.ok(load.longestWaitMs < 50, `${load.longestWaitMs} ms`);
  });

  test('up to the most and no further', () => {
    const load = new SimulatedLoad({ min: 1, max: 3 }).run(MINUTE, () => 9 * WORKER);
    assert.deepEqual(load.sizes, [1, 2, 3]);
  });

  test('not for a burst that is over at once', () => {
    const load = new SimulatedLoad({ min: 1, max: 8 }, { seed: 0 });
    load.run(10 * MINUTE, (ms) => (ms % (10 * SECOND) < 200 ? 3 * WORKER : WORKER / 4));
    assert.ok(load.longestWaitMs > 50, `${load.longestWaitMs} ms`);
    assert.deepEqual(load.sizes, [1]);
  });

  test('none while one loads, and none when the number is fixed', () => {
    const load = new SimulatedLoad({ min: 1, max: 8 }).run(3 * SECOND, () => 9 * WORKER);
    assert.deepEqual(load.sizes, [1, 2, 4]);
    const fixed = new SimulatedLoad({ min: 2, max: 2 }).run(MINUTE, () => 9 * WORKER);
    assert.deepEqual(fixed.sizes, [2]);
    assert.equal(fixed.clock.pendingTimers, 0);
  });
});

describe('fewer workers', () => {
  test('one after the other when there is less to do, down to the least', () => {
    const load = new SimulatedLoad({ min: 2, max: 8 }).run(30 * SECOND, () => 6.5 * WORKER);
    assert.equal(load.sizes.at(-1), 8);
    load.run(20 * MINUTE, () => 1);
    assert.deepEqual(load.sizes, [2, 3, 5, 8, 7, 6, 5, 4, 3, 2]);
  });

  test('not while the processors are busy, however few threads are', () => {
    const busy = { threads: 16, serviceMs: 1000 };
    const idling = new SimulatedLoad({ min: 1, max: 4 }, busy);
    const computing = new SimulatedLoad({ min: 1, max: 4 }, { ...busy, coresEach: 0.9 });
    for (const load of [idling, computing]) load.resize(4);
    for (const load of [idling, computing]) load.run(20 * MINUTE, () => 3);
    assert.equal(idling.sizes.at(-1), 1);
    assert.equal(computing.sizes.at(-1), 4);
  });
});

describe('it does not flap', () => {
  test('a load that comes and goes', () => {
    const load = new SimulatedLoad({ min: 1, max: 8 });
    load.run(4 * 60 * MINUTE, (ms) => (ms % (20 * MINUTE) < 10 * MINUTE ? 3.5 * WORKER : WORKER / 4));
    // Up and down again for each of the twelve, and little else.
    assert.ok(load.turns >= 20 && load.turns <= 36, `${load.turns} turns: ${load.sizes}`);
  });

  test('one that comes and goes every other minute keeps its workers', () => {
    const load = new SimulatedLoad({ min: 1, max: 8 });
    const square = (ms: number) => (ms % (2 * MINUTE) < MINUTE ? 3.5 * WORKER : WORKER / 4);
    load.run(30 * MINUTE, square);
    const { turns } = load;
    load.run(60 * MINUTE, square);
    assert.ok(load.turns - turns <= 4, `${load.turns - turns} turns: ${load.sizes}`);
    load.run(60 * MINUTE, () => 1);
    assert.equal(load.sizes.at(-1), 1);
  });

  test('a slow rise and a slow fall', () => {
    const load = new SimulatedLoad({ min: 1, max: 8 });
    load.run(120 * MINUTE, (ms) => (7 * WORKER * (60 * MINUTE - Math.abs(ms - 60 * MINUTE))) / (60 * MINUTE));
    assert.ok(Math.max(...load.sizes) === 8 && load.sizes.at(-1)! <= 2, `${load.sizes}`);
    assert.ok(load.turns <= 12, `${load.turns} turns: ${load.sizes}`);
  });

  for (const [threads, serviceMs] of [
    [1, 100],
    [1, 1000],
    [8, 20],
    [8, 2000],
  ] as const) {
    test(`an even load of ${serviceMs} ms requests and chance, ${threads} threads`, () => {
      for (const [seed, workers] of [0.5, 1, 2.3, 4, 5.5].entries()) {
        const load = new SimulatedLoad({ min: 1, max: 8 }, { threads, serviceMs, seed: seed + 1 });
        const even = () => (workers * threads * SECOND) / serviceMs;
        load.run(10 * MINUTE, even);
        const { turns } = load;
        load.run(60 * MINUTE, even);
        assert.ok(load.turns - turns <= 12, `${load.turns - turns} turns in an hour: ${load.sizes}`);
      }
    });
  }
});

describe('none at all', () => {
  const ONE_REQUEST = (ms: number) => (ms === 0 ? 100 : 0);

  test('the first request starts one, which is stopped when there was no other for long', () => {
    const load = new SimulatedLoad({ min: 0, max: 4 }, { seed: 0 });
    load.run(10 * MINUTE, () => 0);
    assert.deepEqual(load.sizes, [0]);
    load.run(SECOND, ONE_REQUEST);
    assert.deepEqual(load.sizes, [0, 1]);
    assert.ok(load.longestWaitMs <= 1000, `${load.longestWaitMs} ms`);
    load.run(4 * MINUTE, () => 0);
    load.run(4 * MINUTE, ONE_REQUEST);
    assert.deepEqual(load.sizes, [0, 1]);
    load.run(2 * MINUTE, () => 0);
    assert.deepEqual(load.sizes, [0, 1, 0]);
    load.run(SECOND, ONE_REQUEST);
    assert.deepEqual(load.sizes, [0, 1, 0, 1]);
  });

  test('the others are stopped first', () => {
    const load = new SimulatedLoad({ min: 0, max: 4 }).run(30 * SECOND, () => 3 * WORKER);
    assert.equal(load.sizes.at(-1), 4);
    load.run(20 * MINUTE, () => 0);
    assert.deepEqual(load.sizes.slice(-5), [4, 3, 2, 1, 0]);
  });
});

describe('memory', () => {
  const ROOM = { bytes: 250 * MIB, of: 'this machine' };

  test('there are no more workers than it has room for, and the log says so once', () => {
    const load = new SimulatedLoad({ min: 1, max: 16 });
    load.room = { ...ROOM, bytes: 50 * MIB };
    load.run(MINUTE, () => 9 * WORKER);
    assert.deepEqual(load.sizes, [1]);
    assert.equal(load.lines.length, 1);
    assert.match(
      load.lines[0]!,
      /^scaling-held: requests have waited for \d+ ms, but there will be no more than 1 worker: this machine has room for 50 MiB, and a worker takes 100 MiB$/,
    );
  });

  test('a step is as large as the room, and the next one waits until there is more', () => {
    const load = new SimulatedLoad({ min: 4, max: 16 });
    load.room = ROOM;
    load.run(10 * SECOND, () => 15 * WORKER);
    // What is added takes none in this simulation.
    assert.deepEqual(load.sizes.slice(0, 4), [4, 5, 7, 9]);
    load.room = { ...ROOM, bytes: 0 };
    const { length } = load.sizes;
    load.run(20 * SECOND, () => 15 * WORKER);
    assert.equal(load.sizes.length, length);
    load.room = null;
    load.run(20 * SECOND, () => 15 * WORKER);
    assert.equal(load.sizes.at(-1), 16);
  });
});
