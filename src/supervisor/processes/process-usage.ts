/** What a process uses of the machine, as Linux says it in /proc (proc(5)). */
import { readFileSync } from 'node:fs';

export interface ProcessUsage {
  readonly residentBytes: number;
  /** Private memory that it has asked for, whether it uses it or not: what RLIMIT_DATA counts. */
  readonly dataBytes: number;
  /** User and system time of all its threads, without its children. */
  readonly cpuMs: number;
}

/** The kernel counts in USER_HZ, which is 100 on every platform that Node runs on. */
const MS_PER_TICK = 10;

/** Null when the process is gone, or when there is no /proc. */
export function readProcessUsage(pid: number): ProcessUsage | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    return parseUsage(status, stat);
  } catch {
    return null;
  }
}

/** Memory from `status`, which has it in kB: `statm` has pages, and nothing here knows how large they are. */
export function parseUsage(status: string, stat: string): ProcessUsage | null {
  // Absent in a process that has ended and waits for its parent.
  const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status);
  const data = /^VmData:\s+(\d+) kB$/m.exec(status);
  // The second field is the name in parentheses, and may have spaces and parentheses itself.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[UTIME]) + Number(fields[STIME]);
  if (resident === null || Number.isNaN(ticks)) return null;
  return {
    residentBytes: Number(resident[1]) * 1024,
    dataBytes: Number(data?.[1] ?? 0) * 1024,
    cpuMs: ticks * MS_PER_TICK,
  };
}

/** Fields 14 and 15, counted from the third, the first one behind the name. */
const UTIME = 11;
const STIME = 12;
