/** What `vivarium top` shows: a pure function from what is known to the lines of the screen. */

import { count, duration, memory, rate } from '../../base/units.ts';
import type { RequestsInFlight } from '../../control/messages.ts';
import type { ServerEvent } from '../../control/protocol.ts';
import { timestamp } from '../../telemetry/log.ts';
import { withApplication } from '../application-column.ts';
import { printable } from '../control-command.ts';
import { REQUEST_COLUMNS } from '../format-requests.ts';
import { type Column, formatTable } from '../table.ts';
import { type Sample, serverRates, type WorkerRates, workerRates } from './sampling.ts';

export interface TopState {
  readonly before: Sample | null;
  readonly now: Sample;
  /** Why the server could not be asked the last time; null when it could. */
  readonly trouble: string | null;
  /** Null: not known. */
  readonly requests: RequestsInFlight | null;
  /** The newest is the last. */
  readonly events: readonly ServerEvent[];
  readonly sort: SortKey;
}

export interface Size {
  readonly rows: number;
  readonly columns: number;
}

/** By key: the column that workers are sorted by, the largest first. */
export const SORT_KEYS = {
  n: 'WORKER',
  a: 'AGE',
  m: 'MEMORY',
  c: 'CPU %',
  r: 'REQ/S',
  f: 'IN FLIGHT',
} as const;
export type SortKey = keyof typeof SORT_KEYS;

const SORT_VALUES: Readonly<Record<SortKey, (worker: WorkerRates) => number | null>> = {
  n: ({ worker }) => -worker,
  a: ({ ageMs }) => ageMs,
  m: ({ residentBytes }) => residentBytes,
  c: ({ cpuPercent }) => cpuPercent,
  r: ({ requestsPerSecond }) => requestsPerSecond,
  f: ({ inFlight }) => inFlight,
};

const WORKER_COLUMNS: readonly Column<WorkerRates>[] = [
  { title: 'WORKER', value: ({ worker }) => String(worker) },
  { title: 'PID', value: ({ pid }) => count(pid) },
  { title: 'STATE', value: ({ state }) => state, isText: true },
  { title: 'AGE', value: ({ ageMs }) => duration(ageMs) },
  { title: 'MEMORY', value: ({ residentBytes }) => memory(residentBytes) },
  { title: 'CPU %', value: ({ cpuPercent }) => rate(cpuPercent) },
  { title: 'REQ/S', value: ({ requestsPerSecond }) => rate(requestsPerSecond) },
  { title: 'ANSWERED', value: ({ answered }) => count(answered) },
  { title: 'IN FLIGHT', value: ({ inFlight }) => count(inFlight) },
];

type Style = 'plain' | 'bold' | 'dim' | 'reverse' | 'red';
type Line = readonly [text: string, style: Style];

const STYLES: Readonly<Record<Style, string>> = {
  plain: '',
  bold: '\x1b[1m',
  dim: '\x1b[2m',
  reverse: '\x1b[7m',
  red: '\x1b[31;1m',
};

/** As many lines as there are rows, or fewer; none is wider than the screen. */
export function topLines(state: TopState, { rows, columns }: Size): string[] {
  const workers = sortWorkers(workerRates(state.before, state.now), state.sort);
  const areSeveral = state.now.status.applications.length > 1;
  const head = [...headLines(state, workers), ...problemLines(state)];
  const sections = [
    workerSection(workers, state.sort, areSeveral),
    requestSection(state, areSeveral),
    eventSection(state),
  ];
  // Each has a blank line and a title; the last line of the screen is the one with the keys.
  const space = rows - head.length - 2 * sections.length - 1;
  const shares = share(
    Math.max(0, space),
    sections.map(({ lines }) => lines.length),
  );
  const body = sections.flatMap((section, at) => [BLANK, section.title, ...section.cut(shares[at]!)]);
  const lines = [...head, ...body].slice(0, rows - 1);
  const filled = [...lines, ...new Array<Line>(Math.max(0, rows - 1 - lines.length)).fill(BLANK), KEYS];
  return filled.map(([text, style]) => paint(text, style, columns));
}

const BLANK: Line = ['', 'plain'];
const KEYS: Line = [
  `q quit   sort workers by: ${Object.entries(SORT_KEYS)
    .map(([key, title]) => `${key} ${title.toLowerCase()}`)
    .join(', ')}`,
  'dim',
];

function headLines({ before, now }: TopState, workers: readonly WorkerRates[]): Line[] {
  const { status } = now;
  const { gateway, applications } = status;
  const { requestsPerSecond, cpuPercent } = serverRates(before, now, workers);
  const inFlight = workers.reduce((sum, worker) => sum + (worker.inFlight ?? 0), 0);
  const queues = applications.map(({ queued }) => queued);
  const waiting = queues.includes(null) ? null : queues.reduce<number>((sum, one) => sum + one!, 0);
  const memories = [status, gateway, ...workers].map(({ residentBytes }) => residentBytes ?? 0);
  const bytes = memories.reduce((sum, one) => sum + one, 0);
  const where = status.urls.join(', ');
  const state = `${status.state} for ${duration(status.uptimeMs)}`;
  const figures = [
    `${rate(requestsPerSecond)} requests/s`,
    `${inFlight} in flight`,
    `${count(waiting)} waiting`,
    `${count(gateway.connections)} connections`,
    `CPU ${rate(cpuPercent)} %`,
    `memory ${memory(bytes || null)}`,
  ];
  return [
    [`vivarium ${status.versions.vivarium}  ${where}  ${state} (pid ${status.pid})`, 'bold'],
    [figures.join('   '), 'plain'],
  ];
}

function problemLines({ trouble, now }: TopState): Line[] {
  const problems = trouble === null ? now.status.problems : [trouble];
  return problems.map((problem) => [printable(problem), 'red']);
}

interface Section {
  readonly title: Line;
  readonly lines: readonly Line[];
  /** So many of the lines. */
  cut(length: number): readonly Line[];
}

function workerSection(workers: readonly WorkerRates[], sort: SortKey, areSeveral: boolean): Section {
  const columns = withApplication(WORKER_COLUMNS, areSeveral).map((column) =>
    column.title === SORT_KEYS[sort] ? { ...column, title: `${column.title}▾` } : column,
  );
  return tableSection(formatTable(columns, workers), 0);
}

function requestSection({ requests }: TopState, areSeveral: boolean): Section {
  const { total, oldest } = requests ?? { total: 0, oldest: [] };
  return tableSection(
    formatTable(withApplication(REQUEST_COLUMNS, areSeveral), oldest),
    total - oldest.length,
  );
}

function tableSection([title, ...texts]: string[], unlisted: number): Section {
  const lines = texts.map((text): Line => [text, 'plain']);
  const cut = (length: number): readonly Line[] => {
    if (lines.length <= length && unlisted === 0) return lines;
    if (length === 0) return [];
    const shown = Math.min(length - 1, lines.length);
    return [...lines.slice(0, shown), [`… ${lines.length - shown + unlisted} more`, 'dim']];
  };
  return { title: [title!, 'reverse'], lines, cut };
}

function eventSection({ events }: TopState): Section {
  const lines = events.map(({ at, level, code, message }): Line => {
    const text = `${timestamp(new Date(at)).slice(11, 19)} ${level.padEnd(5)} ${code}: ${message.split('\n')[0]}`;
    return [printable(text), level === 'error' ? 'red' : 'plain'];
  });
  const cut = (length: number) => (length === 0 ? [] : lines.slice(-length));
  return { title: ['EVENTS', 'reverse'], lines, cut };
}

function sortWorkers(workers: readonly WorkerRates[], key: SortKey): WorkerRates[] {
  const valueFor = (worker: WorkerRates) => SORT_VALUES[key](worker) ?? Number.NEGATIVE_INFINITY;
  return workers.toSorted((a, b) =>
    valueFor(a) === valueFor(b) ? a.worker - b.worker : valueFor(b) - valueFor(a),
  );
}

/** Who wants little gets it; the others share what is left alike. */
export function share(space: number, wanted: readonly number[]): number[] {
  const shares = wanted.map(() => 0);
  let left = space;
  for (;;) {
    const hungry = wanted.flatMap((want, at) => (want > shares[at]! ? [at] : []));
    if (hungry.length === 0 || left === 0) return shares;
    const each = Math.max(1, Math.floor(left / hungry.length));
    for (const at of hungry) {
      const more = Math.min(each, wanted[at]! - shares[at]!, left);
      shares[at]! += more;
      left -= more;
    }
  }
}

/** Titles reach to the edge. */
function paint(text: string, style: Style, columns: number): string {
  const visible = Array.from(text).slice(0, columns).join('');
  const line = style === 'reverse' ? visible.padEnd(columns) : visible;
  return STYLES[style] === '' ? line : `${STYLES[style]}${line}\x1b[0m`;
}
