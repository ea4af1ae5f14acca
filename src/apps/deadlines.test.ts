/** request-timeout, with scripted workers: who gets 504, what is logged, and when a worker is given up. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { response, ScriptedSite, type ScriptedWorker } from '../../test/support/scripted-worker.ts';
import { frame, Kind } from '../protocols/worker/frames.ts';

const STACK = '  File "/srv/wsgi.py", line 7, in application\n    wait()\n';
const later = (ms: number) => performance.now() + ms;

function ask(site: ScriptedSite, path: string): FakeExchange {
  const exchange = new FakeExchange({ path });
  site.application.handle(exchange);
  return exchange;
}

async function overdue(t: { after(then: () => void): void }, options = {}) {
  const site = await ScriptedSite.start(t, options);
  const worker = await site.addWorker(1);
  const exchange = ask(site, '/slow');
  const { id } = await worker.channels[0]!.request();
  site.application.check(later(60_001));
  return { site, worker, channel: worker.channels[0]!, exchange, id };
}

/** The thread is back: it has closed its connection and dialled again. */
async function redial(site: ScriptedSite, worker: ScriptedWorker): Promise<void> {
  const before = site.channel(1);
  worker.started(1);
  worker.channels[0]!.socket.destroy();
  while (site.worker(1).channels.length > 0) await new Promise((resolve) => setImmediate(resolve));
  worker.dialAgain(0);
  while (site.worker(1).channels.length === 0) await new Promise((resolve) => setImmediate(resolve));
  assert.notEqual(site.channel(1), before);
}

test('at its deadline a request is answered 504, and its thread asked for and interrupted', async (t) => {
  const { site, worker, exchange, id } = await overdue(t);
  assert.equal(exchange.status, 504);
  const asked = { channel: 0, exchange: id };
  assert.deepEqual(await worker.control.message(Kind.interrupt), { ...asked, raise: true });
  assert.deepEqual(site.log, []);
  worker.say(Kind.interrupted, { ...asked, stack: STACK });
  await site.logged('request-timeout');
  assert.match(
    site.log[0]!,
    /^request-timeout: \[request \w+\] GET \/slow from 192\.0\.2\.7: running for 60(\.\d)? s in worker 1 \(pid 1001\) \(request-timeout 60 s\):\n {2}File ".*", line 7/,
  );
});

test('a control connection that was lost: the worker is asked again', async (t) => {
  const { worker, id } = await overdue(t);
  await worker.control.message(Kind.interrupt);
  worker.control.socket.destroy();
  await worker.dialControlAgain();
  assert.deepEqual(await worker.control.message(Kind.interrupt), { channel: 0, exchange: id, raise: true });
});

test('a request before its deadline is left alone, also when it is one of many', async (t) => {
  const site = await ScriptedSite.start(t, { threads: 2 });
  const worker = await site.addWorker(1);
  const [a, b] = [ask(site, '/a'), ask(site, '/b')];
  for (const channel of worker.channels) await channel.request();
  site.application.check(later(59_000));
  assert.deepEqual([a.ended, b.ended], [false, false]);
});

test('waiting for a thread does not count', async (t) => {
  const { site, worker, channel, id } = await overdue(t, { settings: { queueTimeoutMs: 0 } });
  const waiting = ask(site, '/waits');
  site.application.check(later(120_000));
  assert.equal(waiting.ended, false);
  channel.respond(id, 'late');
  const request = await channel.request();
  assert.equal(request.path, '/waits');
  channel.respond(request.id, 'in time');
  await waiting.finished;
  assert.equal(waiting.text, 'in time');
  assert.equal(site.worker(1).load, 0);
  worker.die();
});

test('an answer that was begun is cut, what follows of it is dropped', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  const channel = worker.channels[0]!;
  const exchange = ask(site, '/slow');
  const written = new Promise<void>((resolve) => (exchange.onWrite = resolve));
  const { id } = await channel.request();
  channel.send(response(Kind.head, id, ['200 OK']) + frame(Kind.data, id, 'part'));
  await written;
  site.application.check(later(60_001));
  assert.deepEqual([exchange.outcome, exchange.status, exchange.text], ['aborted', 200, 'part']);
  channel.send(frame(Kind.data, id, 'more') + frame(Kind.end, id, ''));
  const next = ask(site, '/next');
  channel.respond((await channel.request()).id, 'next');
  await next.finished;
  assert.equal(exchange.text, 'part');
  site.application.check(later(61_100));
  assert.match(site.log[0]!, /writing its answer for 60.* its Python interpreter has not answered/);
});

test('an interpreter that does not say where it is: the line is written without', async (t) => {
  const { site } = await overdue(t);
  site.application.check(later(60_900));
  assert.deepEqual(site.log, []);
  site.application.check(later(61_100));
  assert.match(site.log[0]!, /^request-timeout: .*its Python interpreter has not answered$/);
});

test('a gateway that ends does not wait for the stack', async (t) => {
  const { site } = await overdue(t);
  site.application.close();
  assert.match(site.log[0]!, /^request-timeout: .* GET \/slow .* was not heard before the gateway ended$/);
  site.application.check(later(61_100));
  assert.equal(site.log.length, 1);
});

test('a thread that is back gets requests again, and nothing is told to the supervisor', async (t) => {
  const { site, worker, id } = await overdue(t);
  worker.say(Kind.interrupted, { channel: 0, exchange: id, stack: STACK });
  await site.logged('request-timeout');
  await redial(site, worker);
  site.application.check(later(63_000));
  assert.match(
    site.log[1]!,
    /^request-interrupted: .* it has ended, [23](\.\d)? s after request-timeout\. Its thread/,
  );
  const next = ask(site, '/next');
  worker.channels[0]!.respond((await worker.channels[0]!.request()).id, 'next');
  await next.finished;
  site.application.check(later(59_000));
  assert.deepEqual(site.events, ['ready 1']);
  assert.equal(site.log.length, 2);
});

test('a thread that does not come back: its worker is to be replaced, and is not waited for', async (t) => {
  const { site } = await overdue(t, { threads: 2 });
  site.application.check(later(69_000));
  assert.deepEqual(site.events, ['ready 1']);
  site.application.check(later(71_000));
  const [, told] = site.events;
  assert.match(
    told!,
    /^stuck 1: \[request \w+\] GET \/slow from .* does not end \(interrupt-timeout 10 s\)$/,
  );
  site.application.check(later(72_000));
  assert.equal(site.events.length, 2);
  site.application.switch([], [1]);
  assert.deepEqual(site.events.slice(2), ['drained 1']);
});

test('its other requests are waited for', async (t) => {
  const { site, worker } = await overdue(t, { threads: 2 });
  site.application.check(later(71_000));
  const other = ask(site, '/other');
  const { id } = await worker.channels[1]!.request();
  site.application.switch([], [1]);
  assert.deepEqual(site.events.slice(2), []);
  worker.channels[1]!.respond(id, 'x');
  await other.finished;
  assert.equal(other.text, 'x');
  await site.event('drained 1');
});

test('interrupt-timeout 0: where it is is asked for, and the worker replaced at once', async (t) => {
  const { site, worker, id } = await overdue(t, { settings: { interruptTimeoutMs: 0 } });
  assert.deepEqual(await worker.control.message(Kind.interrupt), { channel: 0, exchange: id, raise: false });
  assert.match(site.events[1]!, /^stuck 1: .* does not end$/);
});

test('a path with a limit of its own', async (t) => {
  const requestTimeoutsAt = [{ url: '/slow', timeoutMs: 90_000 }];
  const { site, exchange } = await overdue(t, { settings: { requestTimeoutsAt } });
  assert.equal(exchange.ended, false);
  site.application.check(later(90_001));
  assert.equal(exchange.status, 504);
  site.application.check(later(91_500));
  assert.match(site.log[0]!, /\(request-timeout-at \/slow 90 s\)/);
});

test('request-timeout 0: requests run for as long as they want', async (t) => {
  const { site, exchange } = await overdue(t, { settings: { requestTimeoutMs: 0 } });
  site.application.check(later(10_000_000));
  assert.equal(exchange.ended, false);
});

test('a client who has gone: the thread is interrupted all the same', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  const exchange = ask(site, '/slow');
  await worker.channels[0]!.request();
  exchange.leave();
  site.application.check(later(60_001));
  assert.deepEqual(await worker.control.message(Kind.interrupt), { channel: 0, exchange: 1, raise: true });
  assert.equal(exchange.status, 0);
});
