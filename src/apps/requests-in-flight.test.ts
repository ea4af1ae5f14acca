/** What is under way, with scripted workers: who has which request, and where its thread is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { ScriptedSite } from '../../test/support/scripted-worker.ts';
import { Kind } from '../protocols/worker/frames.ts';

const STACK = '  File "/srv/wsgi.py", line 7, in application\n    wait()\n';

async function busySite(t: { after(then: () => void): void }) {
  const site = await ScriptedSite.start(t);
  const worker = await site.addWorker(1);
  const exchanges = ['/runs', '/waits'].map((path) => new FakeExchange({ path, method: 'POST' }, path));
  for (const exchange of exchanges) site.application.handle(exchange);
  const { id } = await worker.channels[0]!.request();
  return { site, worker, exchanges, id };
}

test('requests that run and requests that wait', async (t) => {
  const { site } = await busySite(t);
  const found = site.application.requestsInFlight();
  const common = { application: 'app', method: 'POST', client: '192.0.2.7', stack: null };
  assert.deepEqual(found.map(({ id, ageMs, ...rest }) => ({ ...rest, isOld: ageMs > 0 })).sort(byTarget), [
    { ...common, target: '/runs', worker: 1, pid: 1001, phase: 'running', isOld: true },
    { ...common, target: '/waits', worker: null, pid: null, phase: 'queued', isOld: true },
  ]);
});

function byTarget(a: { target: string }, b: { target: string }): number {
  return a.target < b.target ? -1 : 1;
}

test('the stack of each that runs, as its worker says it', async (t) => {
  const { site, worker, id } = await busySite(t);
  const asked = site.application.requestsWithStacks();
  await worker.control.message(Kind.stacks);
  const other = { channel: 0, exchange: id + 1, stack: 'of a request that is not there' };
  worker.say(Kind.stacksTaken, { stacks: [{ channel: 0, exchange: id, stack: STACK }, other] });
  const found = await asked;
  assert.deepEqual(Object.fromEntries(found.map(({ target, stack }) => [target, stack])), {
    '/runs': STACK,
    '/waits': null,
  });
});

test('a worker that does not say where its threads are is not waited for', async (t) => {
  const { site } = await busySite(t);
  const found = await site.application.requestsWithStacks();
  assert.deepEqual(
    found.map(({ stack }) => stack),
    [null, null],
  );
});

test('a worker whose list of stacks is malformed has broken the protocol', async (t) => {
  const { site, worker } = await busySite(t);
  worker.say(Kind.stacksTaken, { stacks: [{ channel: 0, exchange: 1 }] });
  await site.event('broken 1: a malformed control message of kind 56');
});
