import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aStatus, aWorker } from '../../../test/support/a-status.ts';
import type { ServerStatus, WorkerStatus } from '../../control/protocol.ts';
import { type Sample, serverRates, workerRates } from './sampling.ts';

const { applications, gateway } = aStatus();

function sample(atMs: number, workers: readonly WorkerStatus[], change: Partial<ServerStatus> = {}): Sample {
  return { atMs, status: aStatus({ applications: [{ ...applications[0]!, workers }], ...change }) };
}

test('the first look tells no rates', () => {
  const now = sample(1000, [aWorker()]);
  const [worker] = workerRates(null, now);
  assert.deepEqual([worker!.requestsPerSecond, worker!.cpuPercent, worker!.answered], [null, null, 10]);
  assert.deepEqual(serverRates(null, now, [worker!]), { requestsPerSecond: null, cpuPercent: null });
});

test('rates are those of the time between two looks', () => {
  const before = sample(1000, [aWorker({ answered: 10, cpuMs: 100 })]);
  const now = sample(3000, [aWorker({ answered: 40, cpuMs: 1100 }), aWorker({ worker: 2, answered: 5 })], {
    cpuMs: 520,
    gateway: { ...gateway, requests: 199, cpuMs: 1650 },
  });
  const workers = workerRates(before, now);
  assert.deepEqual(
    workers.map(({ requestsPerSecond, cpuPercent }) => [requestsPerSecond, cpuPercent]),
    [
      [15, 50],
      [null, null],
    ],
  );
  // 1 % of the supervisor, 20 % of the gateway, 50 % of the worker that was there before.
  assert.deepEqual(serverRates(before, now, workers), { requestsPerSecond: 50, cpuPercent: 71 });
});

test('a new gateway counts from the beginning', () => {
  const before = sample(0, [aWorker({ answered: 1000, cpuMs: 100 })]);
  const fresh = { ...gateway, pid: 9, requests: 5000, cpuMs: 9000 };
  const now = sample(1000, [aWorker({ answered: 3, cpuMs: 200 })], { gateway: fresh });
  const workers = workerRates(before, now);
  assert.deepEqual([workers[0]!.requestsPerSecond, workers[0]!.cpuPercent], [null, 10]);
  assert.deepEqual(serverRates(before, now, workers), { requestsPerSecond: null, cpuPercent: 10 });
});
