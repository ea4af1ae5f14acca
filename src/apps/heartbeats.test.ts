/** deadlock-timeout: who is pinged, what counts as silence, and what does not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { ScriptedSite } from '../../test/support/scripted-worker.ts';
import { Kind } from '../protocols/worker/frames.ts';
import { Heartbeats } from './heartbeats.ts';
import { type ProcessState, parseProcessState, readProcessState } from './process-state.ts';
import type { Pulse, Worker, WorkerState } from './worker.ts';

class FakeWorker {
  state: WorkerState = 'active';
  pulse: Pulse = 'well';
  readonly pid = 77;
  readonly name = 'worker 3 (pid 77)';
  load = 1;
  pings = 0;

  ping(): void {
    this.pings++;
  }

  setPulse(pulse: Pulse): void {
    this.pulse = pulse;
  }
}

function setUp(timeoutMs = 10_000) {
  const worker = new FakeWorker();
  const lines: string[] = [];
  const process: { state: ProcessState | null } = { state: { isStopped: false, majorFaults: 5 } };
  const events = { deadlocked: (_: Worker, why: string) => lines.push(why) };
  const write = (code: string, what: string) => lines.push(`${code}: ${what}`);
  const log = { debug: write, info: write, warn: write, error: write };
  const heartbeats = new Heartbeats(timeoutMs, events, log, () => process.state);
  let now = 50_000;
  const pass = (seconds: number, each = () => {}) => {
    for (let n = 0; n < seconds; n++) {
      each();
      now += 1000;
      heartbeats.check([worker as unknown as Worker], now);
    }
  };
  const answer = () => heartbeats.answered(worker as unknown as Worker);
  const sleep = (ms: number) => {
    now += ms;
  };
  return { worker, lines, process, heartbeats, pass, answer, sleep };
}

test('a busy worker is pinged once a second', () => {
  const { worker, pass, answer } = setUp();
  pass(6, answer);
  assert.deepEqual([worker.pings, worker.pulse], [6, 'well']);
});

test('an idle worker is pinged twice in the time that it has', () => {
  const { worker, pass, answer } = setUp(60_000);
  worker.load = 0;
  pass(120, answer);
  assert.equal(worker.pings, 4);
});

test('one that does not answer gets no more requests, and is given up in the end, once', () => {
  const { worker, lines, pass } = setUp();
  pass(2);
  assert.equal(worker.pulse, 'well');
  pass(1);
  assert.equal(worker.pulse, 'silent');
  pass(7);
  assert.deepEqual([worker.pulse, lines], ['silent', []]);
  pass(30);
  assert.equal(worker.pulse, 'deadlocked');
  assert.deepEqual(lines, ['has not run Python code for 10 s (deadlock-timeout 10 s)']);
  assert.equal(worker.pings, 1);
});

test('one that answers after all is well again', () => {
  const { worker, lines, pass, answer } = setUp();
  pass(5);
  answer();
  assert.equal(worker.pulse, 'well');
  pass(11);
  answer();
  assert.equal(worker.pulse, 'well');
  assert.deepEqual(lines.slice(1), ['worker-awake: worker 3 (pid 77) answers again']);
});

test('the time in which we did not run ourselves does not count', () => {
  const { worker, pass, sleep } = setUp();
  pass(2);
  sleep(3_600_000);
  pass(5);
  assert.equal(worker.pulse, 'silent');
});

test('a process that is stopped or swapped in is not to blame, but gets no requests', () => {
  const { worker, lines, process, pass } = setUp();
  process.state = { isStopped: true, majorFaults: 5 };
  pass(100);
  assert.deepEqual([worker.pulse, lines], ['silent', []]);
  let majorFaults = 5;
  pass(100, () => {
    process.state = { isStopped: false, majorFaults: ++majorFaults };
  });
  assert.deepEqual([worker.pulse, lines], ['silent', []]);
  pass(11);
  assert.equal(worker.pulse, 'deadlocked');
});

test('a system that says nothing of its processes', () => {
  const { worker, process, pass } = setUp();
  process.state = null;
  pass(12);
  assert.equal(worker.pulse, 'deadlocked');
});

test('workers that load are not asked, and with 0 none is', () => {
  const loading = setUp();
  loading.worker.state = 'expected';
  loading.pass(100);
  const off = setUp(0);
  off.pass(100);
  assert.deepEqual([loading.worker.pings, off.worker.pings], [0, 0]);
});

test('the state of a process, whatever its name', () => {
  const stat = '77 (a) b (c) T 1 77 77 0 -1 4194560 1000 0 42 0 7 3 0 0 20';
  assert.deepEqual(parseProcessState(stat), { isStopped: true, majorFaults: 42 });
  assert.equal(parseProcessState('77 (x'), null);
  if (process.platform === 'linux') assert.equal(readProcessState(process.pid)?.isStopped, false);
});

test('a worker that is silent gets no requests until it answers', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  site.application.check(performance.now() + 60_000);
  site.worker(1).setPulse('silent');
  const exchange = new FakeExchange({ path: '/' });
  site.application.handle(exchange);
  assert.equal(site.application.queue.length, 1);
  await worker.control.message(Kind.ping);
  worker.say(Kind.pong, {});
  const { id } = await worker.channels[0]!.request();
  worker.channels[0]!.respond(id, 'x');
  await exchange.finished;
});

test('the requests of a deadlocked worker are not waited for when it is to go', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  site.application.handle(new FakeExchange({ path: '/' }));
  await worker.channels[0]!.request();
  site.application.switch([], [1]);
  assert.deepEqual(site.events, ['ready 1']);
  site.worker(1).setPulse('deadlocked');
  assert.deepEqual(site.events, ['ready 1', 'drained 1']);
});

test('a lost control connection: the ping is sent again', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  site.application.check(performance.now() + 60_000);
  await worker.control.message(Kind.ping);
  worker.control.socket.destroy();
  await worker.dialControlAgain();
  await worker.control.message(Kind.ping);
});
