/** What the server has written, put in order by request: the access log, the error log, and the rows of the application. */
import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import type { Deed } from './site.ts';

export interface AccessLine {
  readonly status: number | null;
  readonly outcome: string;
}

export interface ErrorLine {
  readonly atMs: number;
  readonly code: string;
  /** All of it, with the lines that follow. */
  readonly text: string;
  /** Of a request that it names. */
  readonly number: number | null;
  /** Of the first process that it names. */
  readonly pid: number | null;
}

export interface AccessLog {
  readonly byNumber: ReadonlyMap<number, readonly AccessLine[]>;
  /** Lines that are not whole. */
  readonly torn: readonly string[];
}

const NUMBER = /[?&]number=(\d+)(?!\d)/;
const FIRST_LINE = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d\.\d{3}) \[\w+\] \[[^\]]*\] ([\w.-]+): /;

export function readAccessLog(folder: string): AccessLog {
  const byNumber = new Map<number, AccessLine[]>();
  const torn: string[] = [];
  for (const line of readLines(folder, 'access_log')) {
    const entry = parseJson(line);
    if (entry === null) torn.push(line);
    const number = NUMBER.exec(String(entry?.target))?.[1];
    if (number === undefined) continue;
    const { status, outcome } = entry as unknown as AccessLine;
    addTo(byNumber, Number(number), { status, outcome });
  }
  return { byNumber, torn };
}

export function readErrorLog(folder: string): ErrorLine[] {
  const lines: ErrorLine[] = [];
  for (const text of readLines(folder, 'error_log')) {
    const first = FIRST_LINE.exec(text);
    const before = lines.at(-1);
    if (first === null) {
      if (before !== undefined) lines[lines.length - 1] = { ...before, text: `${before.text}\n${text}` };
      continue;
    }
    const [, date, time, code] = first;
    const number = NUMBER.exec(text)?.[1];
    const pid = /\(pid (\d+)\)/.exec(text)?.[1];
    lines.push({
      atMs: new Date(`${date}T${time}`).getTime(),
      code: code!,
      text,
      number: number === undefined ? null : Number(number),
      pid: pid === undefined ? null : Number(pid),
    });
  }
  return lines;
}

/** Gateways that had a request for longer than graceful-timeout when they were told to stop. */
export function readKills(errorLog: readonly ErrorLine[]): Deed[] {
  return errorLog
    .filter(({ code }) => code === 'gateway-killed')
    .map(({ pid, atMs }) => ({ kind: 'gateway-killed', pid, fromMs: atMs - 50, untilMs: atMs + 200 }));
}

/** When a worker could not be started: requests may be answered 503 until one is ready. */
export function readFailures(errorLog: readonly ErrorLine[]): Deed[] {
  const deeds: Deed[] = [];
  const ready = new Set<number | null>();
  for (const { atMs, code, pid } of errorLog.toSorted((a, b) => a.atMs - b.atMs)) {
    if (code === 'worker-started' || code === 'worker-replaced') {
      ready.add(pid);
      for (const deed of deeds) deed.untilMs = Math.min(deed.untilMs, atMs);
    } else if ((code === 'worker-exited' || code === 'worker-failed') && !ready.has(pid)) {
      deeds.push({ kind: 'not-started', pid, fromMs: atMs, untilMs: Number.POSITIVE_INFINITY });
    }
  }
  return deeds;
}

/** The processes that ran each request. */
export function readRuns(databasePath: string): Map<number, number[]> {
  const database = new DatabaseSync(databasePath);
  const runs = new Map<number, number[]>();
  for (const { number, pid } of database.prepare('SELECT number, pid FROM runs').iterate())
    addTo(runs, Number(number), Number(pid));
  database.close();
  return runs;
}

/** Of the file and of those that it was rotated to, the oldest first. */
function readLines(folder: string, name: string): string[] {
  const rotation = (file: string) => Number(file.slice(name.length + 1) || Number.POSITIVE_INFINITY);
  const files = readdirSync(folder).filter((file) => file === name || file.startsWith(`${name}.`));
  return files
    .sort((a, b) => rotation(a) - rotation(b))
    .flatMap((file) => readFileSync(`${folder}/${file}`, 'utf8').split('\n'))
    .filter((line) => line !== '');
}

function parseJson(line: string): Record<string, unknown> | null {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function addTo<T>(map: Map<number, T[]>, key: number, value: T): void {
  const values = map.get(key);
  if (values === undefined) map.set(key, [value]);
  else values.push(value);
}
