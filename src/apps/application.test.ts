/** The queue, the answers and the clients of an application, with a scripted worker at the other end. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { response, ScriptedSite } from '../../test/support/scripted-worker.ts';
import { frame, Kind } from '../protocols/worker/frames.ts';

function ask(site: ScriptedSite, path: string): FakeExchange {
  const exchange = new FakeExchange({ path });
  site.application.handle(exchange);
  return exchange;
}

test('a request and its answer', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  const exchange = ask(site, '/a');
  const request = await worker.channels[0]!.request();
  assert.equal(request.path, '/a');
  assert.equal(request.id, 1);
  assert.equal(site.worker(1).load, 1);
  worker.channels[0]!.respond(1, 'hello', ['X-A', 'b']);
  await exchange.finished;
  assert.equal(exchange.status, 200);
  assert.equal(exchange.text, 'hello');
  assert.deepEqual(exchange.responseFields, ['X-A', 'b']);
  assert.equal(exchange.workerPid, 1001);
  assert.equal(site.worker(1).load, 0);
});

test('SCRIPT_NAME and PATH_INFO of an application below the root', async (t) => {
  const site = await ScriptedSite.start(t, { settings: { mountPoint: '/ä/' } });
  const worker = await site.addWorker(1);
  ask(site, '/%C3%A4/b');
  const { payload } = await worker.channels[0]!.next();
  assert.match(payload, /GET\0\/\xc3\xa4\0\/b\0\0\/%C3%A4\/b\0/);
});

test('an answer in parts', async (t) => {
  const site = await ScriptedSite.start(t);
  const channel = (await site.addWorker(1)).channels[0]!;
  const exchange = ask(site, '/');
  await channel.request();
  channel.send(response(Kind.head, 1, ['201 Made', 'X-A', 'b']));
  channel.send(frame(Kind.data, 1, 'one ') + frame(Kind.data, 1, ''));
  channel.send(frame(Kind.data, 1, 'two') + frame(Kind.end, 1, ''));
  await exchange.finished;
  assert.equal(exchange.status, 201);
  assert.equal(exchange.text, 'one two');
});

test('a failure before the head is a 500, after it the answer is cut', async (t) => {
  const site = await ScriptedSite.start(t);
  const channel = (await site.addWorker(1)).channels[0]!;
  const before = ask(site, '/');
  await channel.request();
  channel.send(frame(Kind.fail, 1, 'KeyError: x'));
  await before.finished;
  assert.equal(before.status, 500);

  const after = ask(site, '/');
  await channel.request();
  channel.send(
    response(Kind.head, 2, ['200 OK']) + frame(Kind.data, 2, 'part') + frame(Kind.fail, 2, 'KeyError: y'),
  );
  await after.finished;
  assert.equal(after.outcome, 'aborted');
  assert.deepEqual(
    site.log.map((line) => line.replace(/^(\S+).*: /, '$1 ')),
    ['request-failed: x', 'request-failed: y'],
  );
});

test('an answer that must not be sent is a 500, and the channel goes on', async (t) => {
  const site = await ScriptedSite.start(t);
  const channel = (await site.addWorker(1)).channels[0]!;
  const exchange = ask(site, '/');
  await channel.request();
  channel.respond(1, 'x', ['X-A', 'b\r\nSet-Cookie: c']);
  await exchange.finished;
  assert.equal(exchange.status, 500);
  assert.match(site.log[0]!, /^invalid-response: .*has a control character in the header "X-A"/);
  const next = ask(site, '/');
  channel.respond((await channel.request()).id, 'fine');
  await next.finished;
  assert.equal(next.text, 'fine');
});

test('a stream whose head must not be sent is stopped', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  const exchange = ask(site, '/');
  await worker.channels[0]!.request();
  worker.channels[0]!.send(response(Kind.head, 1, ['200 OK', 'X-A', '\n']));
  await exchange.finished;
  assert.deepEqual(await worker.control.message(Kind.abort), { channel: 0, exchange: 1 });
});

test('requests wait for a thread in order; more than queue-size are refused', async (t) => {
  const site = await ScriptedSite.start(t, { settings: { queueSize: 2 } });
  const channel = (await site.addWorker(1)).channels[0]!;
  const [, b, c, d] = ['/a', '/b', '/c', '/d'].map((path) => ask(site, path));
  assert.equal(d!.status, 503);
  assert.equal(d!.field('Retry-After'), '1');
  for (const path of ['/a', '/b', '/c']) {
    const request = await channel.request();
    assert.equal(request.path, path);
    channel.respond(request.id, path);
  }
  await Promise.all([b!.finished, c!.finished]);
});

test('requests that have waited for queue-timeout are refused', async (t) => {
  const site = await ScriptedSite.start(t, { settings: { queueTimeoutMs: 1000 } });
  const exchange = ask(site, '/');
  site.application.check(performance.now());
  assert.equal(exchange.ended, false);
  site.application.check(performance.now() + 1001);
  assert.equal(exchange.status, 503);
  assert.match(site.log[0]!, /^queue-timeout: .*waited longer/);
  const worker = await site.addWorker(1);
  ask(site, '/next');
  assert.equal((await worker.channels[0]!.request()).path, '/next');
});

test('unavailable: those who wait and those who come are refused, until workers are there', async (t) => {
  const site = await ScriptedSite.start(t);
  const waiting = ask(site, '/');
  site.application.unavailable('the application does not load');
  assert.equal(waiting.status, 503);
  assert.equal(ask(site, '/').status, 503);
  const worker = await site.addWorker(1);
  const served = ask(site, '/');
  worker.channels[0]!.respond((await worker.channels[0]!.request()).id, 'x');
  await served.finished;
  assert.equal(served.status, 200);
});

test('a client who leaves while waiting is forgotten', async (t) => {
  const site = await ScriptedSite.start(t);
  ask(site, '/gone').leave();
  const worker = await site.addWorker(1);
  ask(site, '/stays');
  assert.equal((await worker.channels[0]!.request()).path, '/stays');
});

test('a client who leaves while the request runs: the worker is told, its answer dropped', async (t) => {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  const channel = worker.channels[0]!;
  const gone = ask(site, '/');
  const { id } = await channel.request();
  channel.send(response(Kind.head, id, ['200 OK']));
  gone.leave();
  assert.deepEqual(await worker.control.message(Kind.abort), { channel: 0, exchange: id });
  channel.send(frame(Kind.data, id, 'x') + frame(Kind.end, id, ''));
  const next = ask(site, '/');
  channel.respond((await channel.request()).id, 'y');
  await next.finished;
  assert.equal(gone.text, '');
  assert.equal(site.worker(1).load, 0);
});
