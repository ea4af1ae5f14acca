/** What the rules allow for: the deeds of the run, and what the log says of a request. */
import type { Entry } from './book.ts';
import type { Evidence } from './evidence.ts';
import type { ErrorLine } from './logs.ts';
import { ENDS_WORKER } from './requests.ts';
import type { DeedKind } from './site.ts';

/** True when one of these deeds lasted at some time in between. */
export function overlaps(
  evidence: Evidence,
  kinds: readonly DeedKind[],
  fromMs: number,
  untilMs: number,
): boolean {
  return evidence.deeds.some(
    (deed) => kinds.includes(deed.kind) && deed.fromMs <= untilMs && deed.untilMs >= fromMs,
  );
}

const linesByNumber = new WeakMap<Evidence, Map<number, ErrorLine[]>>();

/** The lines of the error log that name a request. */
export function linesAbout({ number }: Entry, evidence: Evidence, ...codes: string[]): ErrorLine[] {
  let index = linesByNumber.get(evidence);
  if (index === undefined) {
    index = Map.groupBy(
      evidence.errorLog.filter((line) => line.number !== null),
      (line) => line.number!,
    );
    linesByNumber.set(evidence, index);
  }
  return (index.get(number) ?? []).filter(({ code }) => codes.includes(code));
}

const deaths = new WeakMap<Evidence, Set<number>>();

/** Workers and gateways that had a reason to die: the run or a request killed them, or they overran their time. */
export function deathsOf(evidence: Evidence): ReadonlySet<number> {
  let pids = deaths.get(evidence);
  if (pids === undefined) {
    const killed = evidence.deeds
      .filter(({ kind }) => kind !== 'not-started')
      .map(({ pid }) => pid)
      .filter((pid) => pid !== null);
    const broken = evidence.requests
      .filter(({ kind }) => ENDS_WORKER.has(kind))
      .flatMap(({ number }) => evidence.runs.get(number) ?? []);
    const overdue = evidence.errorLog.filter(({ code }) => code === 'worker-killed').map(({ pid }) => pid!);
    pids = new Set([...killed, ...broken, ...overdue]);
    deaths.set(evidence, pids);
  }
  return pids;
}
