/** The threads of a process, as Linux tells of them in /proc (proc(5)). */
import { readdirSync, readFileSync } from 'node:fs';

export interface NativeThread {
  readonly id: number;
  readonly name: string;
  readonly isRunning: boolean;
  /** The function of the kernel that it waits in; '' when it is not told. */
  readonly waitsIn: string;
  readonly cpuMs: number;
}

/** What a log line can bear. */
const THREADS_MAX = 64;
/** The kernel counts in USER_HZ, which is 100 on every platform that Node runs on. */
const MS_PER_TICK = 10;
/** Fields 14 and 15 of `stat`, counted from the third, the first one behind the name. */
const UTIME = 11;
const STIME = 12;

/** Empty when the process is gone, or when there is no /proc. */
export function readThreads(pid: number): NativeThread[] {
  try {
    const ids = readdirSync(`/proc/${pid}/task`).slice(0, THREADS_MAX);
    return ids.flatMap((id) => readThread(`/proc/${pid}/task/${id}`, Number(id)) ?? []);
  } catch {
    return [];
  }
}

function readThread(folder: string, id: number): NativeThread | null {
  const stat = readText(`${folder}/stat`);
  if (stat === '') return null;
  const nameEnd = stat.lastIndexOf(')');
  const fields = stat.slice(nameEnd + 2).split(' ');
  const waitsIn = readText(`${folder}/wchan`);
  return {
    id,
    name: stat.slice(stat.indexOf('(') + 1, nameEnd),
    isRunning: fields[0] === 'R',
    waitsIn: waitsIn === '0' ? '' : waitsIn,
    cpuMs: (Number(fields[UTIME]) + Number(fields[STIME])) * MS_PER_TICK,
  };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
