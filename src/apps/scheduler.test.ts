import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Schedulable, Scheduler } from './scheduler.ts';
import { ServiceTime } from './service-time.ts';

interface FakeChannel extends Schedulable {
  readonly name: string;
  worker: { load: number };
  load: number;
  closed: boolean;
}

/** Channels a1, a2, b1, … of workers a, b, …; requests take `us`, of which they work `cpuUs`. */
function setUp(us: number, threads: number, workers = 'ab', cpuUs = 0) {
  const time = new ServiceTime();
  for (let i = 0; i < 100; i++) time.observe(32, cpuUs * 32, us * 32, 1);
  const scheduler = new Scheduler<FakeChannel>(time);
  const byWorker = [...workers].map((letter) => {
    const worker = { load: 0 };
    return Array.from({ length: threads }, (_, i) => ({
      name: `${letter}${i + 1}`,
      worker,
      load: 0,
      closed: false,
    }));
  });
  scheduler.setChannels(byWorker);
  const all = byWorker.flat();
  const give = (channel: FakeChannel | null): string | null => {
    if (channel === null) return null;
    channel.load++;
    channel.worker.load++;
    return channel.name;
  };
  return {
    find: (name: string) => all.find((channel) => channel.name === name)!,
    pick: () => give(scheduler.pick()),
    pickIdle: () => give(scheduler.pickIdle()),
  };
}

const many = (count: number, pick: () => string | null) => Array.from({ length: count }, pick);

test('fast: the hottest channel is filled before the next', () => {
  const { pick } = setUp(20, 2);
  const names = many(201, pick);
  assert.deepEqual(names.slice(0, 50), new Array(50).fill('a1'));
  assert.deepEqual([...new Set(names)], ['a1', 'b1', 'a2', 'b2', null]);
  assert.equal(names.indexOf(null), 200);
});

test('busy: one thread of each process works, the rest waits or is for slow ones', () => {
  const { pick, find } = setUp(100, 2, 'ab', 100);
  const names = many(41, pick);
  assert.deepEqual([...new Set(names)], ['a1', 'b1', null]);
  assert.equal(names.indexOf(null), 40);
  find('a1').closed = true;
  assert.equal(pick(), 'a2');
});

test('fast: a channel that has room again is the hottest again', () => {
  const { pick, find } = setUp(20, 1);
  many(60, pick);
  find('a1').load = 3;
  assert.equal(pick(), 'a1');
});

test('less fast: requests go to the least busy process', () => {
  const { pick } = setUp(100, 2);
  assert.deepEqual(many(4, pick), ['a1', 'b1', 'a1', 'b1']);
  assert.equal(many(36, pick).includes(null), false);
  assert.equal(pick(), null);
});

test('slow: one request a thread, processes before threads', () => {
  const { pick } = setUp(5000, 2);
  assert.deepEqual(many(5, pick), ['a1', 'b1', 'a2', 'b2', null]);
});

for (const us of [20, 100, 5000]) {
  test(`closed channels get nothing (${us} µs)`, () => {
    const { pick, pickIdle, find } = setUp(us, 1);
    find('a1').closed = true;
    assert.equal(pick(), 'b1');
    find('b1').load = find('b1').worker.load = 0;
    assert.equal(pickIdle(), 'b1');
    find('b1').closed = true;
    assert.equal(pick(), null);
    assert.equal(pickIdle(), null);
  });
}

test('an idle channel is taken of the process that does least', () => {
  const { pickIdle, find } = setUp(20, 2);
  find('a1').load = 1;
  find('a1').worker.load = 1;
  assert.equal(pickIdle(), 'b1');
  find('b1').worker.load = 5;
  assert.equal(pickIdle(), 'a2');
  assert.equal(pickIdle(), 'b2');
  assert.equal(pickIdle(), null);
});

test('no channels', () => {
  const { pick, pickIdle } = setUp(20, 0);
  assert.equal(pick(), null);
  assert.equal(pickIdle(), null);
});
