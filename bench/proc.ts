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
  /** The program's name, at most 15 bytes. */
  readonly command: string;
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
    command: text.slice(text.indexOf('(') + 1, text.lastIndexOf(')')),
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

/** CPU time of each kind of process in the tree: the gateway's, the worker's and so on. */
export function cpuSecondsOf(roots: readonly number[]): Map<string, number> {
  const byName = new Map<string, number>();
  for (const { pid, command, cpuSeconds } of treeOf(roots, listProcesses())) {
    const name = processName(readProc(pid, 'cmdline'), command);
    byName.set(name, (byName.get(name) ?? 0) + cpuSeconds);
  }
  return byName;
}

/**
 * What a person calls the process: the title it has given itself, such as "nginx: worker process"; the argument by which
 * Vivarium tells its processes apart, such as "vivarium-gateway"; or else the name of its program.
 */
export function processName(commandLine: string, command: string): string {
  const title = /^[\w-]+: [\w ]+/.exec(commandLine.replaceAll('\0', ' '))?.[0].trim();
  const role = commandLine.split('\0').find((argument) => /^vivarium-[a-z]+$/.test(argument));
  // Node.js names its main thread, and so what the kernel takes for the program's name.
  return title ?? role ?? command.replace('-MainThread', '');
}

/** Reads the text of /proc/stat: the time a core was not idle since boot, with what the hypervisor took from it. */
export function parseBusySeconds(text: string, core: number): number {
  const line = new RegExp(`^cpu${core} (.*)$`, 'm').exec(text);
  if (line === null) throw new Error(`core ${core} is not online`);
  const [user, nice, system, , , irq, softirq, steal] = line[1]!.split(' ').map(Number);
  return (user! + nice! + system! + irq! + softirq! + steal!) / TICKS_PER_SECOND;
}

export const busySecondsOf = (core: number): number =>
  parseBusySeconds(readFileSync('/proc/stat', 'utf8'), core);

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
