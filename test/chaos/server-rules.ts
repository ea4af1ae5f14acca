/** What must hold for the server as a whole: in the storm, when it is over, and after the stop. */
import { GROWTH_MIB_MAX } from './condition.ts';
import type { Evidence, Holdings } from './evidence.ts';
import { deathsOf, overlaps } from './excuses.ts';
import type { ErrorLine } from './logs.ts';
import type { Rule, Violation } from './verdict.ts';

/** One request to a server at rest. The machine may be busy with other things. */
const ANSWER_MS_MAX = 2000;

/** Lines that nothing in a run is a reason for. */
const FORBIDDEN_CODES: ReadonlySet<string> = new Set([
  'accept-failed',
  'cannot-start',
  'channel-failed',
  'control-unavailable',
  'gateway-failed',
  'invalid-response',
  'limit-too-low',
  'log-lines-lost',
  'log-not-reopened',
  'log-reopen-failed',
  'log-write-failed',
  'request-body',
  'response-length',
  'response-spool',
  'supervisor-gone',
]);

/** A worker that broke the protocol, and not one that was too slow or cannot load its application. */
function isViolation({ code, text }: ErrorLine): boolean {
  return code === 'worker-failed' && !/could not load|was not ready|did not come back/.test(text);
}

function rule(name: string, find: (evidence: Evidence) => readonly string[]): Rule {
  const check = (evidence: Evidence): Violation[] => find(evidence).map((what) => ({ what }));
  return { name, check };
}

const accepting = rule('every connection can be made', ({ refusals }) => refusals);

const commands = rule('the server does what it is told to', ({ complaints }) => complaints);

const deaths = rule('no process dies without a reason', (evidence) => {
  const explained = deathsOf(evidence);
  return evidence.errorLog
    .filter(({ code }) => code === 'worker-exited' || code === 'gateway-exited')
    .filter(({ pid, atMs }) => !explained.has(pid!) && !overlaps(evidence, ['code-broken'], atMs, atMs))
    .map(({ text }) => text);
});

const faults = rule('no line of the log tells of a fault', ({ errorLog }) =>
  errorLog.filter((line) => FORBIDDEN_CODES.has(line.code) || isViolation(line)).map(({ text }) => text),
);

const wholeLines = rule('no line of the access log is torn', ({ accessLog }) => accessLog.torn);

const atRest = rule('nothing is stuck when the storm is over', ({ after }) => [
  ...after.unrest,
  ...(after.answerMs > ANSWER_MS_MAX ? [`a request took ${after.answerMs} ms`] : []),
]);

const memory = rule('memory and descriptors are back', ({ before, after }) => [
  ...compare('supervisor', before.supervisor, after.supervisor),
  ...compare('gateway', before.gateway, after.gateway),
]);

function compare(name: keyof typeof GROWTH_MIB_MAX, before: Holdings, after: Holdings): string[] {
  const grown = after.residentMib - before.residentMib;
  const grownMax = GROWTH_MIB_MAX[name];
  return [
    ...(grown > grownMax ? [`the ${name} has ${grown} MiB more, allowed are ${grownMax}`] : []),
    ...(after.descriptors !== before.descriptors
      ? [`the ${name} has ${after.descriptors} descriptors, and had ${before.descriptors}`]
      : []),
  ];
}

const stopped = rule('nothing is left after the stop', ({ remains: { exit, processes, files } }) => [
  ...(exit === '0' ? [] : [`the server ended with ${exit}`]),
  ...processes.map((process) => `still running: ${process}`),
  ...files.map((file) => `still there: ${file}`),
]);

export const serverRules: readonly Rule[] = [
  accepting,
  commands,
  deaths,
  faults,
  wholeLines,
  atRest,
  memory,
  stopped,
];
