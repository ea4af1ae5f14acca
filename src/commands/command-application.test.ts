import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { makeFolder } from '../../test/support/folder.ts';
import { proxyTo } from '../config/sections/proxy.ts';
import type { FromApplication, WorkerIdentity } from '../control/messages.ts';
import { createLog } from '../telemetry/log.ts';
import { CommandApplication, type CommandSettings } from './command-application.ts';

const QUEUE_MAX = 2;

function settings(mountPoint: string): CommandSettings {
  const { upstream, ...proxy } = proxyTo('http://command');
  return {
    name: 'shop',
    mountPoint,
    processes: { min: 1, max: 1 },
    recycling: { maximumRequests: 10, inactivityTimeoutMs: 0 },
    target: {
      kind: 'command',
      protocol: 'http',
      readyPath: null,
      proxy: { ...proxy, upstream: null, path: mountPoint === '/' ? '' : '/' },
      upstream: { ...upstream!, policy: 'least-connections', queueMax: QUEUE_MAX },
    },
  } as unknown as CommandSettings;
}

/** A process that the test answers for. */
async function startProcess(t: TestContext) {
  const asked = new EventEmitter<{ request: [IncomingMessage, ServerResponse] }>();
  const server = createServer((request, response) => asked.emit('request', request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = async () => {
    if (!server.listening) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  t.after(stop);
  const { port } = server.address() as AddressInfo;
  const identity = (worker: number): WorkerIdentity => ({
    worker,
    token: '',
    threads: 1,
    generation: 0,
    ledgerPath: '',
    command: { pid: 77, path: null, port },
  });
  return {
    identity,
    stop,
    nextRequest: () => once(asked, 'request') as Promise<[IncomingMessage, ServerResponse]>,
  };
}

function create(t: TestContext, mountPoint = '/') {
  const told = new EventEmitter();
  const log = createLog('test', 'debug', () => {});
  const spool = { memoryMax: 1000, fileMax: 0, directory: makeFolder(t) };
  const tell = (message: FromApplication) => told.emit(message.type, message);
  const application = new CommandApplication(settings(mountPoint), spool, tell, log);
  t.after(() => application.close());
  const ask = (path = '/') => {
    const exchange = new FakeExchange({ path });
    const { promise, resolve } = Promise.withResolvers<void>();
    exchange.onFinished = () => resolve();
    application.handle(exchange);
    return Object.assign(exchange, { finished: promise });
  };
  const serve = async (identity: WorkerIdentity) => {
    const ready = once(told, 'worker-ready');
    application.told({ type: 'expect-worker', identity });
    await ready;
    application.told({ type: 'switch', activate: [identity.worker], drain: [] });
  };
  return { application, told, ask, serve };
}

test('requests wait until a process is ready and may have them', async (t) => {
  const { application, ask, serve } = create(t);
  const { identity, nextRequest } = await startProcess(t);
  const early = ask('/early');
  assert.deepEqual(
    application.requestsInFlight().map(({ phase, worker }) => [phase, worker]),
    [['queued', null]],
  );
  const asked = nextRequest();
  await serve(identity(1));
  const [request, response] = await asked;
  assert.equal(request.url, '/early');
  assert.deepEqual(
    application.requestsInFlight().map(({ phase, worker, pid }) => [phase, worker, pid]),
    [['running', 1, 77]],
  );
  response.end('hello');
  await early.finished;
  assert.deepEqual([early.status, early.text, early.workerPid], [200, 'hello', 77]);
  assert.deepEqual(application.requestsInFlight(), []);
  assert.equal(application.workers.get(1)!.answeredTotal, 1);
});

test('the mount point is taken off the path, and said', async (t) => {
  const { ask, serve } = create(t, '/shop');
  const { identity, nextRequest } = await startProcess(t);
  await serve(identity(1));
  for (const [path, seen] of [
    ['/shop/a%20b', '/a%20b'],
    ['/shop', '/'],
    ['/shop/../shop/x', '/x'],
  ]) {
    const exchange = ask(path);
    const [request, response] = await nextRequest();
    assert.deepEqual([request.url, request.headers['x-forwarded-prefix']], [seen, '/shop']);
    response.end();
    await exchange.finished;
  }
});

test('no more wait than may, and none when no process can be had', async (t) => {
  const { application, ask } = create(t);
  const waiting = [ask(), ask()];
  assert.equal(ask().status, 503);
  assert.deepEqual([application.queue.length, application.refused['queue-full']], [QUEUE_MAX, 1]);
  application.told({ type: 'application-unavailable', why: 'it exited with status 1' });
  assert.deepEqual(
    waiting.map(({ status }) => status),
    [503, 503],
  );
  assert.equal(ask().status, 503);
  assert.deepEqual(
    [application.whyUnavailable, application.refused.unavailable],
    ['it exited with status 1', 3],
  );
  // Another one is being started.
  application.told({ type: 'switch', activate: [], drain: [] });
  assert.equal(ask().status, 0);
});

test('one that is drained gets nothing new, and is given back after its last request', async (t) => {
  const { application, told, ask, serve } = create(t);
  const [old, young] = [await startProcess(t), await startProcess(t)];
  await serve(old.identity(1));
  const last = ask('/last');
  const [, response] = await old.nextRequest();
  await serve(young.identity(2));
  const drained = once(told, 'worker-drained');
  application.told({ type: 'switch', activate: [], drain: [1] });
  const asked = young.nextRequest();
  const next = ask('/next');
  (await asked)[1].end('young');
  await next.finished;
  assert.equal(next.text, 'young');
  assert.equal(application.workers.get(1)!.state, 'draining');
  response.end('old');
  await last.finished;
  assert.equal(last.text, 'old');
  assert.deepEqual(await drained, [{ type: 'worker-drained', worker: 1 }]);
  application.told({ type: 'worker-exited', worker: 1, cause: 'exited with status 0' });
  assert.deepEqual([...application.workers.keys()], [2]);
});

test('what it has answered is told where a limit counts it', async (t) => {
  const { application, told, ask, serve } = create(t);
  const { identity, nextRequest } = await startProcess(t);
  await serve(identity(1));
  const usage: unknown[] = [];
  told.on('worker-usage', (message) => usage.push(message.usage));
  application.check();
  const exchange = ask();
  const [, response] = await nextRequest();
  application.check();
  response.end();
  await exchange.finished;
  application.check();
  application.check();
  assert.deepEqual(usage, [
    [{ worker: 1, answered: 0, isBusy: true }],
    [{ worker: 1, answered: 1, isBusy: false }],
  ]);
});

test('what was to go to a process that cannot be connected to any more waits for another one', async (t) => {
  const { application, ask, serve } = create(t);
  const [gone, other] = [await startProcess(t), await startProcess(t)];
  await serve(gone.identity(1));
  await gone.stop();
  const waiting = ask();
  while (application.queue.length === 0) await new Promise(setImmediate);
  assert.equal(application.workers.get(1)!.getsRequests, false);
  const asked = other.nextRequest();
  await serve(other.identity(2));
  (await asked)[1].end('here');
  await waiting.finished;
  assert.deepEqual([waiting.status, waiting.text], [200, 'here']);
});
