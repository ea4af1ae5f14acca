import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestInFlight } from '../control/messages.ts';
import { formatRequests } from './format-requests.ts';

const RUNNING: RequestInFlight = {
  application: 'shop',
  id: 'ab12-1',
  method: 'GET',
  target: '/slow?x=1',
  client: '192.0.2.7',
  worker: 3,
  pid: 77,
  phase: 'running',
  ageMs: 61_000,
  stack: '  File "wsgi.py", line 3, in application\n    sleep(60)\x1b[2J\n',
};
const QUEUED: RequestInFlight = {
  ...RUNNING,
  id: 'ab12-2',
  target: '/\x1b[31m',
  client: '',
  worker: null,
  pid: null,
  phase: 'queued',
  ageMs: 400,
  stack: null,
};

test('requests in flight for people', () => {
  assert.equal(formatRequests({ total: 0, oldest: [] }, false), 'There are no requests in flight.\n');
  assert.deepEqual(formatRequests({ total: 5, oldest: [RUNNING, QUEUED] }, false).split('\n'), [
    '  AGE  PHASE    WORKER  PID  CLIENT     ID      REQUEST',
    '1m01s  running       3   77  192.0.2.7  ab12-1  GET /slow?x=1',
    ' 0.4s  queued        –    –  unix       ab12-2  GET /\\x1b[31m',
    '… 3 more',
    '',
  ]);
});

test('each stack stands below its request, and cannot move the cursor', () => {
  const silent = { ...RUNNING, id: 'ab12-3', stack: null };
  assert.deepEqual(formatRequests({ total: 3, oldest: [RUNNING, silent, QUEUED] }, true).split('\n'), [
    '  AGE  PHASE    WORKER  PID  CLIENT     ID      REQUEST',
    '1m01s  running       3   77  192.0.2.7  ab12-1  GET /slow?x=1',
    '      File "wsgi.py", line 3, in application',
    '        sleep(60)\\x1b[2J',
    '1m01s  running       3   77  192.0.2.7  ab12-3  GET /slow?x=1',
    '    (its worker did not say where it is)',
    ' 0.4s  queued        –    –  unix       ab12-2  GET /\\x1b[31m',
    '',
  ]);
});
