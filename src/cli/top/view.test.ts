import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stripVTControlCharacters } from 'node:util';
import { aStatus, aWorker } from '../../../test/support/a-status.ts';
import type { RequestInFlight } from '../../control/messages.ts';
import type { ServerEvent } from '../../control/protocol.ts';
import { type Size, share, type TopState, topLines } from './view.ts';

const request = (n: number): RequestInFlight => ({
  application: 'shop',
  id: `ab-${n}`,
  method: 'GET',
  target: `/page/${n}`,
  client: '192.0.2.7',
  worker: 1,
  pid: 71,
  phase: 'running',
  ageMs: 5000 - n,
  stack: null,
});
const event = (message: string, level: ServerEvent['level'] = 'info'): ServerEvent => ({
  at: new Date(2026, 10, 21, 4, 44, 27).toISOString(),
  level,
  process: 'supervisor 7',
  code: 'worker-started',
  message,
});
const STATE: TopState = {
  before: null,
  now: { atMs: 0, status: aStatus() },
  trouble: null,
  requests: { total: 2, oldest: [request(1), request(2)] },
  events: [event('one'), event('two\nTraceback'), event('three', 'error')],
  sort: 'n',
};
const WIDE: Size = { rows: 24, columns: 100 };

function text(state: TopState, size = WIDE): string[] {
  return topLines(state, size).map((line) => stripVTControlCharacters(line).trimEnd());
}

test('a screen', () => {
  const lines = text(STATE, { rows: 18, columns: 100 });
  assert.deepEqual(lines, [
    'vivarium 1.2.3  http://127.0.0.1:8000  serving for 1m01s (pid 7)',
    '– requests/s   0 in flight   5 waiting   3 connections   CPU – %   memory 170.0M',
    '',
    'WORKER▾  PID  STATE    AGE  MEMORY  CPU %  REQ/S  ANSWERED  IN FLIGHT',
    '      1   71  active  9.9s   15.0M      –      –        10          0',
    '      2   72  active  9.9s   15.0M      –      –        10          0',
    '',
    ' AGE  PHASE    WORKER  PID  CLIENT     ID    REQUEST',
    '4.9s  running       1   71  192.0.2.7  ab-1  GET /page/1',
    '4.9s  running       1   71  192.0.2.7  ab-2  GET /page/2',
    '',
    'EVENTS',
    '04:44:27 info  worker-started: one',
    '04:44:27 info  worker-started: two',
    '04:44:27 error worker-started: three',
    '',
    '',
    'q quit   sort workers by: n worker, a age, m memory, c cpu %, r req/s, f in flight',
  ]);
});

test('no screen is too small, and no line wider than it', () => {
  const many: TopState = {
    ...STATE,
    trouble: 'the server is gone',
    requests: { total: 5000, oldest: Array.from({ length: 500 }, (_, n) => request(n)) },
    events: Array.from({ length: 100 }, (_, n) => event(`${n} ${'é'.repeat(200)}`)),
  };
  for (let rows = 1; rows < 60; rows++) {
    for (const columns of [1, 20, 80, 300]) {
      const lines = topLines(many, { rows, columns });
      assert.equal(lines.length, rows);
      for (const line of lines) assert.ok(Array.from(stripVTControlCharacters(line)).length <= columns);
    }
  }
  const lines = text(many, { rows: 24, columns: 80 });
  assert.ok(lines.includes('the server is gone'));
  assert.ok(
    lines.some((line) => /^… 49\d\d more$/.test(line)),
    lines.join('\n'),
  );
  assert.ok(
    lines.some((line) => line.includes('worker-started: 99')),
    'the newest event is shown',
  );
});

test('workers are sorted by the chosen column, the largest first', () => {
  const workers = [
    aWorker({ worker: 1, residentBytes: 5, ageMs: 100, inFlight: 2 }),
    aWorker({ worker: 2, residentBytes: null, ageMs: 300, inFlight: 0 }),
    aWorker({ worker: 3, residentBytes: 9, ageMs: 200, inFlight: 2 }),
  ];
  const [application] = aStatus().applications;
  const status = aStatus({ applications: [{ ...application!, workers }] });
  const order = (sort: TopState['sort']) => {
    const state = { ...STATE, now: { atMs: 0, status }, sort };
    return text(state)
      .map((line) => /^ +(\d) +\d+ +active/.exec(line)?.[1])
      .filter((number) => number !== undefined)
      .join('');
  };
  assert.deepEqual([order('n'), order('m'), order('a'), order('f')], ['123', '312', '231', '132']);
});

test('what clients and applications write cannot move the cursor', () => {
  const status = aStatus({ problems: ['no \x1b[2J'] });
  const hostile = { ...request(1), target: '/\x1b]0;x\x07' };
  const state: TopState = {
    ...STATE,
    now: { atMs: 0, status },
    requests: { total: 1, oldest: [hostile] },
    events: [event('a\x1b[H\rb')],
  };
  const lines = topLines(state, WIDE).join('\n');
  for (const shown of ['no \\x1b[2J', 'GET /\\x1b]0;x\\x07', 'a\\x1b[H\\x0db'])
    assert.ok(lines.includes(shown), shown);
  assert.doesNotMatch(lines.replace(/\x1b\[[\d;]*m/g, ''), /[\0-\x09\x0b-\x1f]/);
});

test('files alone have no workers to show', () => {
  const status = aStatus({ applications: [] });
  const lines = text({ ...STATE, now: { atMs: 0, status }, requests: { total: 0, oldest: [] }, events: [] });
  assert.match(lines[1]!, /0 in flight {3}0 waiting/);
});

test('space is shared: who wants little gets it', () => {
  assert.deepEqual(share(10, [2, 3, 4]), [2, 3, 4]);
  assert.deepEqual(share(10, [100, 1, 100]), [5, 1, 4]);
  assert.deepEqual(share(0, [1, 1]), [0, 0]);
  assert.deepEqual(share(2, [9, 9, 9]), [1, 1, 0]);
  assert.deepEqual(share(5, []), []);
});
