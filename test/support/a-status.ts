/** The status of a server that does not exist. */
import type { ServerStatus, WorkerStatus } from '../../src/control/protocol.ts';

const MEGABYTE = 1_048_576;

export function aWorker(change: Partial<WorkerStatus> = {}): WorkerStatus {
  return {
    application: 'shop',
    worker: 1,
    pid: 71,
    state: 'active',
    ageMs: 9950,
    residentBytes: 15 * MEGABYTE,
    cpuMs: 100,
    answered: 10,
    inFlight: 0,
    ...change,
  };
}

export function aStatus(change: Partial<ServerStatus> = {}): ServerStatus {
  return {
    versions: { vivarium: '1.2.3', node: '26.10.0' },
    problems: [],
    pid: 7,
    residentBytes: 60 * MEGABYTE,
    cpuMs: 500,
    serverRoot: '/run/v',
    urls: ['http://127.0.0.1:8000'],
    state: 'serving',
    uptimeMs: 61_000,
    gateway: { pid: 8, residentBytes: 80 * MEGABYTE, cpuMs: 1250, connections: 3, requests: 99 },
    applications: [
      {
        name: 'shop',
        isDropIn: false,
        python: '3.12.1',
        processesMin: 1,
        processesMax: 4,
        processes: 2,
        threads: 4,
        queued: 5,
        unavailable: null,
        workers: [aWorker(), aWorker({ worker: 2, pid: 72 })],
      },
    ],
    restarts: { workers: 0, gateways: 0 },
    exits: [],
    ...change,
  };
}
