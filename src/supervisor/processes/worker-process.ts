/**
 * WorkerHandle: the supervisor's end of a worker process (python/vivarium is the other one).
 *
 * Its descriptor 3 is a socket pair, the lifeline: a line of JSON goes in at the start and one before SIGTERM, why it is
 * sent. Its end of file tells the worker that the supervisor is gone. What comes out are the stacks of its threads, when
 * a signal asks for them (thread-stacks.ts), and where changes are watched for, which files it has loaded
 * (lifeline-reader.ts). Everything else a worker has to say it says to the gateway.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { isatty } from 'node:tty';
import { fileURLToPath } from 'node:url';
import type { ApplicationSettings, DevelopmentSettings, LogSettings } from '../../config/configuration.ts';
import type { WorkerIdentity } from '../../control/messages.ts';
import type { StopReason, WorkerProcess } from '../pool/pool-member.ts';
import { childEnvironment } from './child-environment.ts';
import { type ChildEnd, startChild } from './child-process.ts';
import type { OutOfMemoryWatch } from './exit-cause.ts';
import { type LoadedFiles, readLifeline } from './lifeline-reader.ts';
import { type ProcessUsage, readProcessUsage } from './process-usage.ts';
import { type ThreadStacks, takeStacks } from './thread-stacks.ts';

/** A folder with `__main__.py`, beside src/ and dist/. */
export const WORKER_PROGRAM = fileURLToPath(new URL('../../../python', import.meta.url));

const STANDARD_INPUT = 0;
const LIFELINE = 3;

export interface WorkerStart {
  readonly identity: WorkerIdentity;
  readonly application: ApplicationSettings;
  /** What the interpreter runs. */
  readonly program: string;
  /** The gateway's socket, which the worker dials. */
  readonly socketPath: string;
  readonly shutdownTimeoutMs: number;
  readonly logLevel: LogSettings['level'];
  /** The error log, which becomes its standard output and error. */
  readonly outputFd: number;
}

export interface WorkerEvents {
  ended(end: ChildEnd): void;
  /** It has loaded these files, or would if they were as they should be; only when that is asked for. */
  loaded(files: LoadedFiles): void;
}

export class WorkerHandle implements WorkerProcess {
  readonly identity: WorkerIdentity;
  readonly #child: ChildProcess | null;
  readonly #lifeline: Duplex | undefined;

  constructor(start: WorkerStart, outOfMemory: OutOfMemoryWatch, events: WorkerEvents) {
    const { identity, application, program, outputFd } = start;
    this.identity = identity;
    const options: SpawnOptions = {
      stdio: [readsTerminal(application.development) ? 'inherit' : 'ignore', outputFd, outputFd, 'pipe'],
      env: childEnvironment(application.environment),
      // A session of its own: Ctrl-C in the terminal is for the supervisor alone.
      detached: true,
    };
    const args = [program, application.name, String(identity.worker)];
    this.#child = startChild(application.interpreter, args, options, outOfMemory, (end) => {
      this.#lifeline?.destroy();
      events.ended(end);
    });
    this.#lifeline = this.#child?.stdio?.[LIFELINE] as Duplex | undefined;
    // A worker that dies at once does not read its line; that it died is reported all the same.
    this.#lifeline?.on('error', () => {});
    if (this.#lifeline !== undefined) readLifeline(this.#lifeline, events.loaded);
    this.#lifeline?.write(`${lifelineText(start)}\n`);
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get label(): string {
    const pid = this.#child?.pid;
    return pid === undefined
      ? `worker ${this.identity.worker}`
      : `worker ${this.identity.worker} (pid ${pid})`;
  }

  usage(): ProcessUsage | null {
    const pid = this.#child?.pid;
    return pid === undefined ? null : readProcessUsage(pid);
  }

  takeStacks(then: (stacks: ThreadStacks) => void): void {
    if (this.#child?.pid === undefined || this.#lifeline === undefined) then({ python: '', native: '' });
    else takeStacks(this.#child, this.#lifeline, then);
  }

  terminate(reason: StopReason): void {
    this.#lifeline?.write(`${JSON.stringify({ stop: reason })}\n`);
    this.#child?.kill('SIGTERM');
  }

  kill(): void {
    this.#child?.kill('SIGKILL');
  }
}

/** Python's debugger reads what is typed. Anything but a terminal is not for workers. */
function readsTerminal({ debugger: isWanted, reloadOnChanges }: DevelopmentSettings): boolean {
  return (isWanted || reloadOnChanges) && isatty(STANDARD_INPUT);
}

function lifelineText(start: WorkerStart): string {
  const { identity, application, socketPath, shutdownTimeoutMs, logLevel } = start;
  // The worker changes to them itself.
  const { user, group } = application;
  return JSON.stringify({ ...identity, socketPath, user, group, shutdownTimeoutMs, logLevel, application });
}
