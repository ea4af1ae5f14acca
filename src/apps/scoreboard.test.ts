/** What an application is told of all processes and threads, with scripted workers. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { ScriptedSite, type ScriptedWorker } from '../../test/support/scripted-worker.ts';
import type { ApplicationSettings } from '../config/configuration.ts';
import { Kind } from '../protocols/worker/frames.ts';
import { Paced, type Scoreboard } from './scoreboard.ts';

const settings = { processes: { min: 1, max: 4 }, threads: 2 } as Partial<ApplicationSettings>;
const IDLE = { generation: 0, access_count: 0, bytes_served: 0, start_time: 0, stop_time: 0, last_used: 0 };
const NO_REQUEST = { client: '', request: '', vhost: '' };

async function ask(worker: ScriptedWorker): Promise<Scoreboard> {
  worker.say(Kind.scoreboard, {});
  return (await worker.control.message(Kind.scoreboardTaken)) as unknown as Scoreboard;
}

test('a thread that runs a request, one that is idle, and a worker that starts', async (t) => {
  const site = await ScriptedSite.start(t, { threads: 2, settings });
  const worker = await site.addWorker(1);
  site.application.expect(site.identity(2));
  const target = `/${'x'.repeat(100)}`;
  site.application.handle(new FakeExchange({ path: target, target }));
  await Promise.race(worker.channels.map((channel) => channel.request()));

  const { processes, restart_time, current_time, running_time, ...limits } = await ask(worker);
  assert.deepEqual(limits, { server_limit: 4, thread_limit: 2, running_generation: 0 });
  assert.equal(running_time, Math.floor(current_time - restart_time));
  const [busy, idle] = processes[0]!.workers.toSorted((a, b) => b.start_time - a.start_time);
  const { start_time, last_used, thread_num, ...rest } = busy!;
  assert.ok(start_time > restart_time && start_time <= current_time);
  assert.equal(last_used, start_time);
  assert.deepEqual(rest, {
    generation: 0,
    status: 'W',
    access_count: 0,
    bytes_served: 0,
    stop_time: 0,
    client: '192.0.2.7',
    request: `GET ${target}`.slice(0, 64),
    vhost: 'example.org:8000',
  });
  assert.deepEqual(idle, { thread_num: 1 - thread_num, ...IDLE, ...NO_REQUEST, status: '_' });
  const absent = [0, 1].map((number) => ({ thread_num: number, ...IDLE, ...NO_REQUEST, status: '.' }));
  assert.deepEqual(processes[1], {
    process_num: 2,
    pid: 0,
    generation: 0,
    quiescing: false,
    workers: absent,
  });
});

test('what a thread has answered', async (t) => {
  const site = await ScriptedSite.start(t, { settings });
  const worker = await site.addWorker(1);
  const exchange = new FakeExchange();
  site.application.handle(exchange);
  const { id } = await worker.channels[0]!.request();
  worker.channels[0]!.respond(id, 'answer');
  await exchange.finished;
  const [thread] = (await ask(worker)).processes[0]!.workers;
  assert.equal(thread!.status, '_');
  assert.equal(thread!.access_count, 1);
  assert.ok(thread!.bytes_served > 'answer'.length);
  assert.ok(thread!.stop_time > 0);
  assert.equal(thread!.last_used, thread!.stop_time);
  assert.equal(thread!.request, '');
});

test('a worker that finishes, and the generation after it', async (t) => {
  const site = await ScriptedSite.start(t, { settings });
  const old = await site.addWorker(1);
  site.application.handle(new FakeExchange());
  await old.channels[0]!.request();
  site.application.expect({ ...site.identity(2), generation: 7 });
  assert.equal((await ask(old)).running_generation, 0);
  site.application.switch([2], [1]);
  const { running_generation, processes } = await ask(old);
  assert.equal(running_generation, 7);
  const shown = processes.map(({ pid, generation, quiescing }) => ({ pid, generation, quiescing }));
  assert.deepEqual(shown, [
    { pid: 1001, generation: 0, quiescing: true },
    { pid: 0, generation: 7, quiescing: false },
  ]);
  assert.equal(processes[0]!.workers[0]!.status, 'G');
});

test('an answer that is too large for a control message is not sent', async (t) => {
  const site = await ScriptedSite.start(t, { settings });
  const worker = await site.addWorker(1);
  site.application.expect({ ...site.identity(2), threads: 10_000 });
  worker.say(Kind.scoreboard, {});
  worker.say(Kind.stopping, {});
  await site.event('stopping 1');
  site.worker(1).ping();
  assert.equal((await worker.control.next()).kind, Kind.ping);
});

test('whoever asks too often gets one answer for many questions', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let answers = 0;
  const paced = new Paced(() => answers++);
  for (let i = 0; i < 100; i++) paced.ask();
  assert.equal(answers, 1);
  t.mock.timers.tick(99);
  assert.equal(answers, 1);
  t.mock.timers.tick(1);
  assert.equal(answers, 2);
  t.mock.timers.tick(1000);
  assert.equal(answers, 2);
  paced.ask();
  assert.equal(answers, 3);
});
