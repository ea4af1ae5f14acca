/** How much memory more workers may take, before this machine or a limit of its control groups has none left. */
import { readFileSync } from 'node:fs';
import { memoryLeft } from '../../base/cgroup.ts';

export interface MemoryRoom {
  readonly bytes: number;
  /** Whose memory it is, for messages. */
  readonly of: string;
}

/** Null when nothing says so. */
export function readMemoryRoom(): MemoryRoom | null {
  const machine = machineRoom();
  const limit = memoryLeft();
  if (limit === null || limit >= (machine ?? Number.POSITIVE_INFINITY))
    return machine === null ? null : { bytes: machine, of: 'this machine' };
  return { bytes: limit, of: 'the control group (cgroup) of this server' };
}

/** Not `os.freemem`, which knows of limits too, and not what they leave. */
function machineRoom(): number | null {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
    return kilobytes === undefined ? null : Number(kilobytes) * 1024;
  } catch {
    return null;
  }
}
