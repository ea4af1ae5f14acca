import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ServerStatus } from '../control/protocol.ts';
import { formatStatus, formatWorkers } from './format-status.ts';

const TERMINAL = {
  columns: 80,
  hasColor: false,
  openScreen: () => null,
  readSecret: async () => null,
  readFirstLine: () => '',
  gone: new AbortController().signal,
  print: () => {},
  tell: () => {},
};
const STATUS: ServerStatus = {
  versions: { vivarium: '1.2.3', node: '26.10.0' },
  problems: [],
  pid: 7,
  residentBytes: 1_048_576 * 60,
  cpuMs: 500,
  serverRoot: '/run/v',
  urls: ['http://127.0.0.1:8000', 'unix:/run/app.sock'],
  state: 'serving',
  uptimeMs: 61_000,
  gateway: { pid: 8, residentBytes: 1_048_576 * 80, cpuMs: 1250, connections: 3, requests: 99 },
  applications: [
    {
      name: 'shop',
      isDropIn: false,
      python: '3.12.1',
      processes: 2,
      processesMin: 1,
      processesMax: 4,
      threads: 4,
      queued: 5,
      unavailable: null,
      workers: [
        {
          application: 'shop',
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
          application: 'shop',
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
  ],
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
      reason: 'was recycled: it has answered 3 requests (maximum-requests 3)',
      wasExpected: true,
    },
  ],
};

test('a status for people', () => {
  assert.deepEqual(formatStatus(STATUS, TERMINAL).split('\n'), [
    'Server URL       : http://127.0.0.1:8000',
    'Server URL       : unix:/run/app.sock',
    'Server Root      : /run/v',
    'State            : serving for 1m01s',
    'Versions         : vivarium 1.2.3, Node.js 26.10.0, Python 3.12.1',
    'Supervisor       : pid 7, 60.0M, 0.50s CPU',
    'Gateway          : pid 8, 80.0M, 1.25s CPU',
    'Memory           : 155.0M in 3 processes',
    'Connections      : 3',
    'Requests         : 99 since the gateway was started',
    'Ended Unasked    : workers 1, gateways 0',
    'Application      : shop',
    'Request Capacity : 8 (2 processes * 4 threads, from 1 to 4 as needed)',
    'In Flight        : 4',
    'Queue            : 5 waiting',
    '',
    'Workers',
    'WORKER  PID  STATE     AGE  MEMORY    CPU  ANSWERED  IN FLIGHT',
    '     9   70  active   9.9s   15.0M  0.02s        12          4',
    '    10    –  loading  0.1s       –      –         –          –',
    '',
    'Last exits',
    '2026-11-21T04:44:27.147Z  worker 2 (pid 60) was killed by SIGKILL',
    '2026-11-21T04:44:26.147Z  worker 1 (pid 59) exited with status 0; it was recycled: it has answered 3 requests (maximum-requests 3)',
    '',
  ]);
});

test('of several applications each has a line, and workers say whose they are', () => {
  const [shop] = STATUS.applications;
  const worker = { ...shop!.workers[0]!, application: 'blog', worker: 11 };
  const blog = { ...shop!, name: 'blog', python: '3.9.1', processes: 1, queued: null, workers: [worker] };
  const lines = formatStatus({ ...STATUS, applications: [shop!, blog], exits: [] }, TERMINAL).split('\n');
  assert.ok(lines.includes('Versions      : vivarium 1.2.3, Node.js 26.10.0'));
  assert.deepEqual(lines.slice(lines.indexOf('Applications')), [
    'Applications',
    'APPLICATION  PYTHON  PROCESSES  MIN  MAX  THREADS  IN FLIGHT  WAITING',
    'shop         3.12.1          2    1    4        4          4        5',
    'blog         3.9.1           1    1    4        4          4        –',
    '',
    'Workers',
    'APPLICATION  WORKER  PID  STATE     AGE  MEMORY    CPU  ANSWERED  IN FLIGHT',
    'shop              9   70  active   9.9s   15.0M  0.02s        12          4',
    'shop             10    –  loading  0.1s       –      –         –          –',
    'blog             11   70  active   9.9s   15.0M  0.02s        12          4',
    '',
  ]);
});

test('a status of files alone, without a gateway', () => {
  const gateway = { pid: null, residentBytes: null, cpuMs: null, connections: null, requests: null };
  const problems = ['there is no gateway'];
  const text = formatStatus({ ...STATUS, applications: [], exits: [], gateway, problems }, TERMINAL);
  assert.match(
    text,
    /^State.*\nProblem +: there is no gateway\nVersions +: vivarium 1.2.3, Node.js 26.10.0$/m,
  );
  assert.match(text, /^Gateway +: none\nMemory +: 60.0M in 1 processes\nConnections +: –$/m);
  assert.equal(formatWorkers([]), 'There are no workers.\n');
});

test('a command has connections, and no Python', () => {
  const [shop] = STATUS.applications;
  const chat = { ...shop!, name: 'chat', python: null, processes: 1, processesMax: 1, threads: 50 };
  const alone = formatStatus({ ...STATUS, applications: [chat] }, TERMINAL).split('\n');
  assert.ok(alone.includes('Request Capacity : 50 (1 processes * 50 connections)'), alone.join('\n'));
  assert.ok(alone.includes('Versions         : vivarium 1.2.3, Node.js 26.10.0'));
  const beside = formatStatus({ ...STATUS, applications: [shop!, chat] }, TERMINAL).split('\n');
  assert.ok(
    beside.includes('chat         –               1    1    1        –          4        5'),
    beside.join('\n'),
  );
});
