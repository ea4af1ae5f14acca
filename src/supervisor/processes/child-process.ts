/** Starting a child process, with one report of its end, whether it exited or could not be started at all. */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { reasonOf } from '../startup-error.ts';
import { exitCause, type OutOfMemoryWatch } from './exit-cause.ts';

export interface ChildEnd {
  /** Completes "worker 3 (pid 77) …". */
  readonly cause: string;
  /** Exit status; null when it was killed or never ran. */
  readonly status: number | null;
  readonly wasStarted: boolean;
}

/** Null when it could not be started; `ended` is called then as well, and never before this returns. */
export function startChild(
  command: string,
  args: readonly string[],
  options: SpawnOptions,
  outOfMemory: OutOfMemoryWatch,
  ended: (end: ChildEnd) => void,
): ChildProcess | null {
  const notStarted = (error: unknown) => {
    ended({ cause: `could not be started: ${command}: ${reasonOf(error)}`, status: null, wasStarted: false });
  };
  try {
    const child = spawn(command, args, options);
    child.on('error', (error) => {
      // Also emitted when a signal or a message could not be sent to a process that runs.
      if (child.pid === undefined) notStarted(error);
    });
    child.once('exit', (status, signal) => {
      const byKernel = signal === 'SIGKILL' && outOfMemory.claim();
      ended({ cause: exitCause(status, signal, byKernel), status, wasStarted: true });
    });
    return child;
  } catch (error) {
    // Some errors are thrown and not emitted: no descriptors left, a user that may not be changed to.
    setImmediate(notStarted, error);
    return null;
  }
}
