import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerStatus } from '../control/protocol.ts';
import { duration, formatStatus, formatWorkers } from './format-status.ts';

const TERMINAL = { columns: 80, hasColor: false, print: () => {}, tell: () => {} };
const STATUS: ServerStatus = {
  version: '1.2.3',
  pid: 7,
  serverRoot: '/run/v',
  urls: ['http://127.0.0.1:8000', 'unix:/run/app.sock'],
  state: 'serving',
  uptimeMs: 61_000,
  gateway: { pid: 8, residentBytes: 1_048_576 * 80, cpuMs: 1250, connections: 3 },
  application: {
    name: 'shop',
    processes: 2,
    threads: 4,
    queued: 5,
    unavailable: null,
    workers: [
      {
        worker: 9,
        pid: 70,
        state: 'active',
        ageMs: 9950,
        residentBytes: 15_728_640,
        cpuMs: 20,
        answered: 12,
        inFlight: 4,
      },
      {
        worker: 10,
        pid: null,
        state: 'loading',
        ageMs: 100,
        residentBytes: null,
        cpuMs: null,
        answered: null,
        inFlight: null,
      },
    ],
  },
  restarts: { workers: 1, gateways: 0 },
  exits: [
    {
      at: '2026-11-21T04:44:27.147Z',
      process: 'worker 2 (pid 60)',
      cause: 'was killed by SIGKILL',
      reason: null,
      wasExpected: false,
    },
    {
      at: '2026-11-21T04:44:26.147Z',
      process: 'worker 1 (pid 59)',
      cause: 'exited with status 0',
      reason: 'was recycled',
      wasExpected: true,
    },
  ],
};

test('a status for people', () => {
  assert.deepEqual(formatStatus(STATUS, TERMINAL).split('\n'), [
    'Server URL       : http://127.0.0.1:8000',
    'Server URL       : unix:/run/app.sock',
    'Server Root      : /run/v',
    'State            : serving for 1m01s (vivarium 1.2.3, pid 7)',
    'Gateway          : pid 8, 80.0M, 1.25s CPU',
    'Connections      : 3',
    'Request Capacity : 8 (2 processes * 4 threads)',
    'Queue            : 5 waiting',
    'Ended Unasked    : workers 1, gateways 0',
    '',
    'Workers',
    'WORKER  PID    STATE   AGE  MEMORY    CPU  ANSWERED  IN FLIGHT',
    '     9   70   active  9.9s   15.0M  0.02s        12          4',
    '    10    –  loading  0.1s       –      –         –          –',
    '',
    'Last exits',
    '2026-11-21T04:44:27.147Z  worker 2 (pid 60) was killed by SIGKILL',
    '2026-11-21T04:44:26.147Z  worker 1 (pid 59) exited with status 0; it was recycled',
    '',
  ]);
});

test('a status of files alone, without a gateway', () => {
  const gateway = { pid: null, residentBytes: null, cpuMs: null, connections: null };
  const text = formatStatus({ ...STATUS, application: null, exits: [], gateway }, TERMINAL);
  assert.match(text, /^Gateway +: none\nConnections +: –\nEnded Unasked/m);
  assert.equal(formatWorkers([]), 'There are no workers.\n');
});

test('times are short', () => {
  const times = [0, 9999, 10_000, 59_999, 60_000, 3_599_999, 3_600_000, 86_399_999, 86_400_000, 1e9];
  assert.deepEqual(times.map(duration), [
    '0.0s',
    '9.9s',
    '10s',
    '59s',
    '1m00s',
    '59m59s',
    '1h00m',
    '23h59m',
    '1d00h',
    '11d13h',
  ]);
});
