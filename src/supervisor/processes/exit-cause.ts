/**
 * Why a process ended, in words that complete "worker 3 (pid 77) …".
 *
 * SIGKILL has no author. When the cgroup's counter of out-of-memory kills rose, it was most likely the kernel.
 */
import { readFileSync } from 'node:fs';

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  SIGSEGV: 'segmentation fault',
  SIGABRT: 'abort',
  SIGBUS: 'bus error',
  SIGFPE: 'arithmetic error',
  SIGILL: 'illegal instruction',
  SIGXCPU: 'CPU time limit',
  SIGXFSZ: 'file size limit',
  SIGSYS: 'forbidden system call',
};

/** Exit status of a worker that cannot go on (python/vivarium/memory.py has it too). */
const STATUS_OUT_OF_MEMORY = 71;

/** How a process ended that nobody had told to. */
export type DeathKind = 'exited' | 'killed' | 'out_of_memory';

const OUT_OF_MEMORY = 'out of memory';

/** `cause`: as `exitCause` words it. */
export function kindOfDeath(cause: string): DeathKind {
  if (cause.includes(OUT_OF_MEMORY)) return 'out_of_memory';
  return cause.startsWith('exited') ? 'exited' : 'killed';
}

/** The two values are those of the `exit` event of a child process. */
export function exitCause(status: number | null, signal: string | null, outOfMemory: boolean): string {
  if (status === STATUS_OUT_OF_MEMORY) return `ran ${OUT_OF_MEMORY} (exit status ${status})`;
  if (signal === null) return `exited with status ${status}`;
  if (outOfMemory) return `was killed by ${signal} (by the kernel, which was ${OUT_OF_MEMORY})`;
  const description = DESCRIPTIONS[signal];
  return description === undefined ? `was killed by ${signal}` : `was killed by ${signal} (${description})`;
}

/** Tells which deaths by SIGKILL the kernel's out-of-memory killer accounts for. */
export class OutOfMemoryWatch {
  readonly #killsSoFar: () => number;
  /** Kills that happened before us or that a death was already put down to. */
  #accounted: number;

  constructor(killsSoFar: () => number = readKills) {
    this.#killsSoFar = killsSoFar;
    this.#accounted = killsSoFar();
  }

  /** Asked once for each death by SIGKILL. */
  claim(): boolean {
    if (this.#killsSoFar() <= this.#accounted) return false;
    this.#accounted++;
    return true;
  }
}

/** The counter of our own cgroup (children share it), version 2 or 1; 0 where there is none. */
function readKills(): number {
  for (const path of counterPaths(readText('/proc/self/cgroup'))) {
    const counter = /^oom_kill (\d+)$/m.exec(readText(path));
    if (counter !== null) return Number(counter[1]);
  }
  return 0;
}

/** A container often sees its own cgroup at the root of the mount and not at the path that /proc names. */
function counterPaths(memberships: string): string[] {
  const paths: string[] = [];
  for (const line of memberships.split('\n')) {
    const [, controllers, cgroup] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (cgroup === undefined) continue;
    if (controllers === '') {
      paths.push(`/sys/fs/cgroup${cgroup}/memory.events`, '/sys/fs/cgroup/memory.events');
    } else if (controllers!.split(',').includes('memory')) {
      paths.push(
        `/sys/fs/cgroup/memory${cgroup}/memory.oom_control`,
        '/sys/fs/cgroup/memory/memory.oom_control',
      );
    }
  }
  return paths;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
