/** What Linux says of a process that does not answer (proc(5)): is it to blame? */
import { readFileSync } from 'node:fs';

export interface ProcessState {
  /** Stopped by a signal, or held by a debugger. */
  readonly isStopped: boolean;
  /** Pages that it had to wait for so far: while these grow it is being swapped in. */
  readonly majorFaults: number;
}

/** Null when there is no such process, or no /proc. */
export function readProcessState(pid: number): ProcessState | null {
  try {
    return parseProcessState(readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return null;
  }
}

/** The second field is the name in parentheses, and may have spaces and parentheses itself. */
export function parseProcessState(stat: string): ProcessState | null {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const majorFaults = Number(fields[MAJFLT]);
  if (Number.isNaN(majorFaults)) return null;
  return { isStopped: fields[0] === 'T' || fields[0] === 't', majorFaults };
}

/** Field 12, counted from the third, the first one behind the name. */
const MAJFLT = 9;
