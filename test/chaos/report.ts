/** A run in words. */
import type { Evidence, Holdings } from './evidence.ts';
import type { Run } from './run.ts';
import type { Verdict } from './verdict.ts';

const SHOWN_MAX = 10;
const LINES_MAX = 6;

export function formatRun({ folder, evidence, verdicts }: Run): string {
  const rules = Map.groupBy(verdicts, ({ rule }) => rule);
  return [
    formatEvidence(evidence),
    ...[...rules].map(([rule, of]) => formatRule(rule, of, evidence)),
    verdicts.length === 0 ? 'nothing was lost, and nothing is stuck' : `everything is kept in ${folder}`,
    '',
  ].join('\n');
}

function formatEvidence({ troubles, requests, errorLog, before, after }: Evidence): string {
  const fates = countBy(requests, ({ outcome, status }) =>
    outcome === 'answered' ? String(status) : outcome,
  );
  const codes = countBy(errorLog, ({ code }) => code);
  const change = (name: 'supervisor' | 'gateway') =>
    `${name} ${formatHoldings(before[name])} → ${formatHoldings(after[name])}`;
  return [
    `${troubles.length} troubles: ${formatCounts(countBy(troubles, (name) => name))}`,
    `${requests.length} requests: ${formatCounts(fates)}`,
    `error log: ${formatCounts(codes)}`,
    `${change('supervisor')}, ${change('gateway')}`,
  ].join('\n');
}

function formatHoldings({ residentMib, descriptors }: Holdings): string {
  return `${residentMib} MiB ${descriptors} descriptors`;
}

function formatRule(rule: string, verdicts: readonly Verdict[], evidence: Evidence): string {
  const shown = verdicts.slice(0, SHOWN_MAX).map((verdict) => formatVerdict(verdict, evidence));
  const more = verdicts.length > SHOWN_MAX ? `\n  and ${verdicts.length - SHOWN_MAX} more` : '';
  return `\nVIOLATED: ${rule}\n${shown.join('\n')}${more}\n`;
}

function formatVerdict({ what, number }: Verdict, { requests, errorLog }: Evidence): string {
  if (number === undefined) return `  ${what}`;
  const { sentAtMs, endedAtMs } = requests[number - 1]!;
  const times = `sent ${clock(sentAtMs)}, ended ${clock(endedAtMs)}`;
  const lines = errorLog.filter((line) => line.number === number).slice(0, LINES_MAX);
  return [`  request ${number}: ${what} (${times})`, ...lines.map(({ text }) => `    ${text}`)].join('\n');
}

function clock(ms: number): string {
  return Number.isFinite(ms) ? new Date(ms).toISOString().slice(11, 23) : 'never';
}

function countBy<T>(items: readonly T[], key: (item: T) => string): [string, number][] {
  return [...Map.groupBy(items, key)]
    .map(([name, of]): [string, number] => [name, of.length])
    .sort(([, a], [, b]) => b - a);
}

function formatCounts(counts: readonly [string, number][]): string {
  return counts.map(([name, count]) => `${name} ${count}`).join(', ');
}
