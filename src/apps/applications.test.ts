import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import { makeFolder } from '../../test/support/folder.ts';
import type { ApplicationSettings } from '../config/configuration.ts';
import type { FromApplication, OfApplication, WorkerIdentity } from '../control/messages.ts';
import { createLog } from '../telemetry/log.ts';
import { Applications } from './applications.ts';

function settings(name: string): ApplicationSettings {
  return {
    name,
    mountPoint: '/',
    processes: { min: 0, max: 2 },
    queueSize: 10,
    queueTimeoutMs: 45_000,
    requestTimeoutMs: 0,
    requestTimeoutsAt: [],
    interruptTimeoutMs: 0,
    deadlockTimeoutMs: 0,
    recycling: { maximumRequests: 0, inactivityTimeoutMs: 0 },
    development: { tracebackPages: false },
    isDropIn: name.startsWith('/'),
  } as unknown as ApplicationSettings;
}

function identity(worker: number): WorkerIdentity {
  return { worker, token: String(worker).padStart(32, '0'), threads: 1, generation: 0, ledgerPath: '' };
}

function create(t: { after(then: () => void): void }, ...names: string[]) {
  const told: (FromApplication & OfApplication)[] = [];
  const spool = { memoryMax: 1000, fileMax: 0, directory: makeFolder(t) };
  const log = createLog('test', 'debug', () => {});
  const applications = new Applications(
    spool,
    (message) => told.push(message),
    log,
    () => null,
  );
  for (const name of names) applications.add(settings(name));
  t.after(() => applications.close());
  const ask = (name: string) => {
    const exchange = new FakeExchange();
    applications.get(name)!.handle(exchange);
    return exchange;
  };
  return { applications, told, ask };
}

test('what is said of one application is no news to the others', async (t) => {
  const { applications, told, ask } = create(t, 'shop', 'blog');
  const application = 'shop';
  applications.told({ type: 'expect-worker', application, identity: identity(7) });
  applications.told({ type: 'scale', application, min: 1, max: 2 });
  applications.told({ type: 'expect-worker', application: 'nobody', identity: identity(8) });
  assert.deepEqual(
    [...applications].map(({ name, workers, workersWanted }) => [name, workers.size, workersWanted]),
    [
      ['shop', 1, 1],
      ['blog', 0, 0],
    ],
  );
  assert.deepEqual([applications.workerOf(7)!.identity.worker, applications.workerOf(8)], [7, undefined]);

  applications.told({ type: 'application-unavailable', application, why: 'it cannot be loaded' });
  assert.equal(ask('shop').status, 503);
  // Nobody has said so of this one, and a worker is asked for.
  applications.told({ type: 'scale', application: 'blog', min: 0, max: 2 });
  assert.equal(ask('blog').status, 0);
  assert.deepEqual(
    told.map((message) => [message.type, message.application]),
    [['demand', 'blog']],
  );
  const waiting = await applications.requestsInFlight(false);
  assert.deepEqual(
    waiting.map(({ application }) => application),
    ['blog'],
  );
});

test('a script that is gone is not served; it is forgotten when its last worker is gone', (t) => {
  const { applications, ask } = create(t);
  const application = '/apps/a';
  applications.told({ type: 'application-added', application, settings: settings(application) });
  applications.told({ type: 'expect-worker', application, identity: identity(1) });
  const waiting = ask(application);
  applications.told({ type: 'application-removed', application });
  // It cannot be answered any more, and is a failure of this script alone.
  assert.equal(waiting.status, 500);
  assert.equal(applications.get(application), undefined);
  applications.check(performance.now());
  assert.equal([...applications].length, 1);

  // It comes back while its worker finishes what it has.
  applications.told({ type: 'application-added', application, settings: settings(application) });
  assert.equal(ask(application).status, 0);
  applications.told({ type: 'application-removed', application });
  applications.told({ type: 'worker-exited', application, worker: 1, cause: 'exited with status 0' });
  applications.check(performance.now());
  assert.equal([...applications].length, 0);
});
