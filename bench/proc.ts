/**
 * What Linux says about processes: the tree below one of them, its CPU time and its memory. CPU time is what the
 * benchmarks divide by, since it stays the same when neighbours are busy, as requests per second do not.
 */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, the unit of times in /proc: 100 on every Linux architecture that Node.js runs on. */
const TICKS_PER_SECOND = 100;

export interface ProcessStat {
  readonly pid: number;
  readonly parentPid: number;
  /** User and system time of the process and of its children that have ended and been waited for. */
  readonly cpuSeconds: number;
  /** Ticks since boot; tells a process from a later one that got the same pid. */
  readonly startTicks: number;
}

/** Reads the text of /proc/PID/stat (proc(5)). The name in parentheses may itself hold spaces and parentheses. */
export function parseStat(text: string): ProcessStat {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const at = (field: number) => Number(fields[field - 3]); // numbered as in proc(5), where the state is field 3
  return {
    pid: Number.parseInt(text, 10),
    parentPid: at(4),
    cpuSeconds: (at(14) + at(15) + at(16) + at(17)) / TICKS_PER_SECOND,
    startTicks: at(22),
  };
}

/** Reads the text of /proc/PID/smaps_rollup: the proportional set size in bytes. */
export function parsePss(text: string): number {
  const line = /^Pss:\s+(\d+) kB$/m.exec(text);
  return line === null ? 0 : Number(line[1]) * 1024;
}

/** The processes `roots` and everything below them, parents first. */
export function treeOf(roots: readonly number[], all: readonly ProcessStat[]): ProcessStat[] {
  const children = Map.groupBy(all, (process) => process.parentPid);
  const tree = all.filter((process) => roots.includes(process.pid));
  for (const process of tree) tree.push(...(children.get(process.pid) ?? []));
  return tree;
}

export function listProcesses(): ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const text = readProc(pid, 'stat');
      return text === '' ? [] : [parseStat(text)];
    });
}

export function cpuSecondsOf(roots: readonly number[]): number {
  return treeOf(roots, listProcesses()).reduce((sum, process) => sum + process.cpuSeconds, 0);
}

export function pssBytesOf(roots: readonly number[]): number {
  return treeOf(roots, listProcesses()).reduce(
    (sum, process) => sum + parsePss(readProc(process.pid, 'smaps_rollup')),
    0,
  );
}

/** Empty when the process has ended meanwhile. */
function readProc(pid: number | string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
