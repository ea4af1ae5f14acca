/** What must hold for each request. */
import type { Entry } from './book.ts';
import type { Evidence } from './evidence.ts';
import { deathsOf, linesAbout, overlaps } from './excuses.ts';
import { LIMITS } from './site.ts';
import type { Rule, Violation } from './verdict.ts';

/** The clocks of client and server begin a little apart. */
const CLOCK_MS = 100;
/** On a busy machine a client hears of the end of its connection when it has sent the next request. */
const NEWS_MS = 500;
/** An access log is written after up to 100 ms; a gateway that is killed takes these lines with it. */
const ACCESS_LOG_MS = 1500;
/** A lost request is in the log when the cause of death is known, or after 2 s; an overdue one when its stack is, or after 1 s. */
const CAUSE_MS = 3000;
/** The gateway may hear a little later that a worker is ready. */
const BACK_MS = 1000;
/** All that a request may have to wait for, and 5 s for a machine that is busy with other things. */
const LIFE_MS = Object.values(LIMITS).reduce((sum, seconds) => sum + seconds * 1000, 5000);

/** A rule about single requests: `find` says what is wrong with one. */
function each(name: string, find: (entry: Entry, evidence: Evidence) => string | null): Rule {
  const check = (evidence: Evidence): Violation[] =>
    evidence.requests.flatMap((entry) => {
      const what = find(entry, evidence);
      return what === null ? [] : [{ number: entry.number, what }];
    });
  return { name, check };
}

const runsOf = ({ number }: Entry, { runs }: Evidence): number => runs.get(number)?.length ?? 0;

/** In these words in a report. */
function fateOf({ outcome, status, kind, sentAtMs, endedAtMs }: Entry): string {
  const with_ = status === null ? '' : ` with status ${status}`;
  return `${kind} was ${outcome}${with_} after ${endedAtMs - sentAtMs} ms`;
}

const outcome = each('each request has one outcome', (entry) => {
  if (entry.fault !== null) return entry.fault;
  return entry.outcome === 'waiting' ? 'it has none' : null;
});

const once = each('no request is run twice', (entry, { runs }) => {
  const pids = runs.get(entry.number) ?? [];
  return pids.length > 1 ? `it was run in the processes ${pids.join(', ')}` : null;
});

const recorded = each('what is answered 200 was run', (entry, evidence) =>
  entry.status === 200 && runsOf(entry, evidence) === 0 ? 'there is no row of it' : null,
);

const statuses = each('only statuses that have a reason', (entry, evidence) => {
  switch (entry.outcome === 'answered' ? entry.status : null) {
    case null:
    case 200:
      return null;
    case 500:
      return entry.kind === 'fail' ? null : '500 for an application that did not fail';
    case 502:
      return whyNot502(entry, evidence);
    case 503:
      return whyNot503(entry, evidence);
    case 504:
      return whyNot504(entry);
    default:
      return `the status is ${entry.status}`;
  }
});

function whyNot502(entry: Entry, evidence: Evidence): string | null {
  const lines = linesAbout(entry, evidence, 'request-lost');
  if (lines.length === 0) {
    return isUnexplained(entry, evidence) ? null : '502 without a line in the log';
  }
  // Of a stack that another one has replaced: it ran for longer than graceful-timeout.
  if (lines.some(({ text }) => text.includes(': the gateway stops'))) return null;
  const deaths = deathsOf(evidence);
  const alive = [...lines.map(({ pid }) => pid!), ...(evidence.runs.get(entry.number) ?? [])].filter(
    (pid) => !deaths.has(pid),
  );
  return alive.length === 0 ? null : `502, and nobody has killed the process ${alive.join(', ')}`;
}

/** The gateway was killed before it wrote why. */
function isUnexplained({ endedAtMs }: Entry, evidence: Evidence): boolean {
  return overlaps(evidence, ['gateway-killed'], endedAtMs, endedAtMs + CAUSE_MS);
}

function whyNot503(entry: Entry, evidence: Evidence): string | null {
  if (runsOf(entry, evidence) > 0) return '503, and it was run';
  if (linesAbout(entry, evidence, 'queue-timeout').length > 0) {
    const waitedMs = entry.endedAtMs - entry.sentAtMs;
    return waitedMs + CLOCK_MS >= LIMITS['queue-timeout'] * 1000
      ? null
      : `queue-timeout after ${waitedMs} ms`;
  }
  const isExcused = overlaps(
    evidence,
    ['code-broken', 'not-started'],
    entry.sentAtMs - BACK_MS,
    entry.endedAtMs,
  );
  return isExcused ? null : '503 without a reason';
}

function whyNot504(entry: Entry): string | null {
  const ranMs = entry.endedAtMs - entry.sentAtMs;
  return ranMs + CLOCK_MS >= LIMITS['request-timeout'] * 1000 ? null : `504 after ${ranMs} ms`;
}

const cuts = each('a connection is cut only with its gateway, or in an answer', (entry, evidence) => {
  if (entry.outcome === 'dropped')
    return runsOf(entry, evidence) === 0 ? null : 'it was run, and not answered';
  if (entry.outcome !== 'cut') return null;
  const { endedAtMs, status } = entry;
  const fromMs = entry.sentAtMs - NEWS_MS;
  if (overlaps(evidence, ['gateway-killed'], fromMs, endedAtMs)) return null;
  // The end of a connection without requests may cross with the next request.
  if (overlaps(evidence, ['gateway-ended'], fromMs, endedAtMs) && runsOf(entry, evidence) === 0) return null;
  const hasCause =
    linesAbout(entry, evidence, 'request-lost', 'request-timeout').length > 0 ||
    isUnexplained(entry, evidence);
  return status !== null && hasCause ? null : fateOf(entry);
});

const inTime = each('no request waits for longer than its limits', (entry, { deeds }) => {
  // While there was no gateway, nobody could look at the clock.
  const awayMs = deeds
    .filter(({ kind }) => kind === 'gateway-away' || kind === 'gateway-paused')
    .reduce(
      (sum, deed) =>
        sum + Math.max(0, Math.min(deed.untilMs, entry.endedAtMs) - Math.max(deed.fromMs, entry.sentAtMs)),
      0,
    );
  return entry.endedAtMs - entry.sentAtMs - awayMs > LIFE_MS ? fateOf(entry) : null;
});

const logged = each('each request has one line in the access log', (entry, evidence) => {
  const lines = evidence.accessLog.byNumber.get(entry.number) ?? [];
  const mayBeMissing =
    entry.outcome === 'cut' ||
    entry.outcome === 'dropped' ||
    overlaps(evidence, ['gateway-killed', 'gateway-ended'], entry.sentAtMs, dealtWithMs(entry, evidence));
  if (lines.length === 0 && mayBeMissing) return null;
  if (lines.length !== 1) return `there are ${lines.length} lines; ${fateOf(entry)}`;
  const [line] = lines;
  if (entry.outcome !== 'answered' || line!.status === entry.status) return null;
  return `the line has the status ${line!.status}; ${fateOf(entry)}`;
});

/** A client that has left does not see when the gateway finds its request, and the line of it is written. */
function dealtWithMs({ sentAtMs, endedAtMs }: Entry, { deeds }: Evidence): number {
  const away = deeds.filter(
    ({ kind, fromMs, untilMs }) => kind.startsWith('gateway-') && fromMs <= endedAtMs && untilMs >= sentAtMs,
  );
  return Math.max(endedAtMs, ...away.map(({ untilMs }) => untilMs)) + ACCESS_LOG_MS;
}

const versions = each('after a reload only the new code answers', (entry, evidence) => {
  const { version, sentAtMs, endedAtMs } = entry;
  if (overlaps(evidence, ['restarted'], sentAtMs, endedAtMs)) return null;
  const newest = evidence.versions.findLast(({ sinceMs }) => sinceMs < sentAtMs);
  if (version === null || newest === undefined || version >= newest.version) return null;
  return `version ${version} answered, after the reload of version ${newest.version}`;
});

export const requestRules: readonly Rule[] = [
  outcome,
  once,
  recorded,
  statuses,
  cuts,
  inTime,
  logged,
  versions,
];
