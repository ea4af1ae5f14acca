/** Each rule of the verdict finds what it is there for, and lets pass what it must allow for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Entry } from './book.ts';
import type { Condition, Evidence } from './evidence.ts';
import type { ErrorLine } from './logs.ts';
import type { Deed } from './site.ts';
import { judge } from './verdict.ts';

const T0 = 1_000_000;

function entry(changes: Partial<Entry> = {}): Entry {
  const answered = { outcome: 'answered', status: 200, version: 1, fault: null } as const;
  return { number: 1, kind: 'quick', sentAtMs: T0, endedAtMs: T0 + 5, ...answered, ...changes };
}

function line(code: string, changes: Partial<ErrorLine> = {}): ErrorLine {
  return { atMs: T0, code, text: `${code}: …`, number: 1, pid: 70, ...changes };
}

function deed(kind: Deed['kind'], changes: Partial<Deed> = {}): Deed {
  return { kind, pid: 70, fromMs: T0, untilMs: T0 + 10, ...changes };
}

const CALM: Condition = {
  supervisor: { residentMib: 90, descriptors: 29 },
  gateway: { residentMib: 110, descriptors: 41 },
  unrest: [],
  answerMs: 3,
};

/** One request, run in process 70; by default everything about it is well. */
function evidence(request: Entry, changes: Partial<Evidence> = {}): Evidence {
  const { status, outcome } = request;
  const isComplete = outcome === 'answered';
  return {
    troubles: [],
    requests: [request],
    refusals: [],
    deeds: [],
    complaints: [],
    versions: [],
    runs: new Map([[1, [70]]]),
    accessLog: {
      byNumber: new Map([[1, [{ status, outcome: isComplete ? 'complete' : 'aborted' }]]]),
      torn: [],
    },
    errorLog: [],
    before: CALM,
    after: CALM,
    remains: { exit: '0', processes: [], files: [] },
    ...changes,
  };
}

const NOT_RUN = { runs: new Map() };
const NOT_LOGGED = { accessLog: { byNumber: new Map(), torn: [] } };
const late = (ms: number) => ({ endedAtMs: T0 + ms });

const VIOLATIONS: readonly (readonly [rule: string, Evidence])[] = [
  ['each request has one outcome', evidence(entry({ outcome: 'waiting', status: null }))],
  ['each request has one outcome', evidence(entry({ fault: 'another answer' }))],
  ['no request is run twice', evidence(entry(), { runs: new Map([[1, [70, 71]]]) })],
  ['what is answered 200 was run', evidence(entry(), NOT_RUN)],
  ['only statuses that have a reason', evidence(entry({ status: 400 }))],
  ['only statuses that have a reason', evidence(entry({ status: 500 }))],
  ['only statuses that have a reason', evidence(entry({ status: 502 }))],
  [
    'only statuses that have a reason',
    evidence(entry({ status: 502 }), {
      errorLog: [line('request-lost')],
      deeds: [deed('worker-killed', { pid: 71 })],
    }),
  ],
  ['only statuses that have a reason', evidence(entry({ status: 503 }), NOT_RUN)],
  ['only statuses that have a reason', evidence(entry({ status: 503 }), { deeds: [deed('code-broken')] })],
  [
    'only statuses that have a reason',
    evidence(entry({ status: 503, ...late(4000) }), { ...NOT_RUN, errorLog: [line('queue-timeout')] }),
  ],
  ['only statuses that have a reason', evidence(entry({ status: 504, ...late(1500) }))],
  [
    'a connection is cut only with its gateway, or in an answer',
    evidence(entry({ outcome: 'cut', status: null })),
  ],
  [
    'a connection is cut only with its gateway, or in an answer',
    evidence(entry({ outcome: 'cut', status: null }), { deeds: [deed('gateway-ended')] }),
  ],
  [
    'a connection is cut only with its gateway, or in an answer',
    evidence(entry({ outcome: 'cut', status: null }), {
      deeds: [deed('gateway-killed', { fromMs: T0 + 500, untilMs: T0 + 510 })],
    }),
  ],
  [
    'a connection is cut only with its gateway, or in an answer',
    evidence(entry({ outcome: 'cut', status: null }), { errorLog: [line('request-lost')] }),
  ],
  [
    'a connection is cut only with its gateway, or in an answer',
    evidence(entry({ outcome: 'dropped', status: null })),
  ],
  ['no request waits for longer than its limits', evidence(entry({ status: 200, ...late(40_000) }))],
  ['each request has one line in the access log', evidence(entry(), NOT_LOGGED)],
  ['each request has one line in the access log', evidence(entry({ outcome: 'left' }), NOT_LOGGED)],
  [
    'each request has one line in the access log',
    evidence(entry(), {
      accessLog: {
        byNumber: new Map([[1, new Array(2).fill({ status: 200, outcome: 'complete' })]]),
        torn: [],
      },
    }),
  ],
  [
    'each request has one line in the access log',
    evidence(entry(), {
      accessLog: { byNumber: new Map([[1, [{ status: 500, outcome: 'complete' }]]]), torn: [] },
    }),
  ],
  [
    'after a reload only the new code answers',
    evidence(entry(), {
      versions: [
        { version: 2, sinceMs: T0 - 10 },
        { version: 3, sinceMs: T0 + 10 },
      ],
    }),
  ],
  ['every connection can be made', evidence(entry(), { refusals: ['ECONNREFUSED'] })],
  ['the server does what it is told to', evidence(entry(), { complaints: ['reload'] })],
  ['no process dies without a reason', evidence(entry(), { errorLog: [line('worker-exited')] })],
  [
    'no process dies without a reason',
    evidence(entry(), { errorLog: [line('gateway-exited')], deeds: [deed('gateway-killed', { pid: 71 })] }),
  ],
  ['no line of the log tells of a fault', evidence(entry(), { errorLog: [line('channel-failed')] })],
  [
    'no line of the log tells of a fault',
    evidence(entry(), { errorLog: [line('worker-failed', { text: 'worker-failed: a frame of kind 16' })] }),
  ],
  [
    'no line of the access log is torn',
    evidence(entry(), {
      accessLog: { byNumber: new Map([[1, [{ status: 200, outcome: 'complete' }]]]), torn: ['{"ti'] },
    }),
  ],
  [
    'nothing is stuck when the storm is over',
    evidence(entry(), { after: { ...CALM, unrest: ['2 requests wait'] } }),
  ],
  ['nothing is stuck when the storm is over', evidence(entry(), { after: { ...CALM, answerMs: 5000 } })],
  [
    'memory and descriptors are back',
    evidence(entry(), { after: { ...CALM, supervisor: { residentMib: 200, descriptors: 29 } } }),
  ],
  [
    'memory and descriptors are back',
    evidence(entry(), { after: { ...CALM, gateway: { residentMib: 110, descriptors: 42 } } }),
  ],
  ['nothing is left after the stop', evidence(entry(), { remains: { exit: '1', processes: [], files: [] } })],
  [
    'nothing is left after the stop',
    evidence(entry(), { remains: { exit: '0', processes: ['77'], files: [] } }),
  ],
  [
    'nothing is left after the stop',
    evidence(entry(), { remains: { exit: '0', processes: [], files: ['x'] } }),
  ],
];

for (const [rule, found] of VIOLATIONS) {
  test(`violated: ${rule}`, () =>
    assert.deepEqual(new Set(judge(found).map((each) => each.rule)), new Set([rule])));
}

const ALLOWED: readonly (readonly [why: string, Evidence])[] = [
  ['a request that was answered', evidence(entry())],
  ['a request that failed as asked', evidence(entry({ kind: 'fail', status: 500 }))],
  [
    '502 of a worker that was killed',
    evidence(entry({ status: 502 }), { errorLog: [line('request-lost')], deeds: [deed('worker-killed')] }),
  ],
  [
    '502 of a worker that the request ended',
    evidence(entry({ kind: 'crash', status: 502 }), { errorLog: [line('request-lost')] }),
  ],
  [
    '502 of a worker that overran its time',
    evidence(entry({ status: 502 }), {
      errorLog: [line('request-lost'), line('worker-killed', { number: null })],
    }),
  ],
  [
    '503 while the code is broken',
    evidence(entry({ status: 503 }), { ...NOT_RUN, deeds: [deed('code-broken')] }),
  ],
  [
    '503 after queue-timeout',
    evidence(entry({ status: 503, ...late(8010) }), { ...NOT_RUN, errorLog: [line('queue-timeout')] }),
  ],
  ['504 after request-timeout', evidence(entry({ status: 504, ...late(2100) }))],
  [
    'a connection cut with its gateway',
    evidence(entry({ outcome: 'cut', status: null }), { ...NOT_LOGGED, deeds: [deed('gateway-killed')] }),
  ],
  [
    'an answer cut in the middle',
    evidence(entry({ outcome: 'cut', ...late(2100) }), { errorLog: [line('request-timeout')] }),
  ],
  ['a client that has left', evidence(entry({ outcome: 'left', status: null }), NOT_RUN)],
  [
    'a request that was never read',
    evidence(entry({ outcome: 'dropped', status: null }), { ...NOT_RUN, ...NOT_LOGGED }),
  ],
  [
    'a long wait while the gateway was paused',
    evidence(entry(late(40_000)), { deeds: [deed('gateway-paused', { untilMs: T0 + 20_000 })] }),
  ],
  [
    'a line that a gateway took with it',
    evidence(entry(), {
      ...NOT_LOGGED,
      deeds: [deed('gateway-killed', { fromMs: T0 + 50, untilMs: T0 + 60 })],
    }),
  ],
];

for (const [why, found] of ALLOWED) test(`allowed: ${why}`, () => assert.deepEqual(judge(found), []));
