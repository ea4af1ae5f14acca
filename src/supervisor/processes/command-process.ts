/**
 * CommandHandle: the supervisor's end of a command that serves an application (python/command.py becomes it). It knows
 * nothing of us: it is told to stop by a signal, and what it prints is all that it says. Requests reach it at its socket.
 */
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { ApplicationSettings, CommandTarget } from '../../config/configuration.ts';
import type { WorkerIdentity } from '../../control/messages.ts';
import type { Log } from '../../telemetry/log.ts';
import type { WorkerProcess } from '../pool/pool-member.ts';
import type { CommandSocket } from '../resources/command-sockets.ts';
import { childEnvironment } from './child-environment.ts';
import { type ChildEnd, startChild } from './child-process.ts';
import { CommandOutput } from './command-output.ts';
import type { OutOfMemoryWatch } from './exit-cause.ts';
import { endGroup, readGroupUsage, signalGroup } from './process-group.ts';
import type { ProcessUsage } from './process-usage.ts';
import type { ThreadStacks } from './thread-stacks.ts';

const LAUNCHER = fileURLToPath(new URL('../../../python/command.py', import.meta.url));
/** Without sitecustomize and what the environment says of Python: the launcher is ours. */
const LAUNCHER_OPTIONS = ['-E', '-s', '-S'];
const LISTEN_FD = 3;
/** All is read as soon as nobody can write any more. */
const LAST_WORDS_WAIT_MS = 500;

export interface CommandStart {
  readonly identity: WorkerIdentity;
  readonly application: ApplicationSettings;
  readonly target: CommandTarget;
  readonly socket: CommandSocket;
  readonly backlog: number;
  readonly shutdownTimeoutMs: number;
  /** Of what it prints; `process` names it. */
  makeLog(process: string): Log;
}

export interface CommandEvents {
  /** `wasTold`: to stop. */
  ended(end: ChildEnd, wasTold: boolean): void;
}

export class CommandHandle implements WorkerProcess {
  readonly identity: WorkerIdentity;
  readonly #start: CommandStart;
  readonly #events: CommandEvents;
  readonly #child: ChildProcess | null;
  readonly #output: CommandOutput | null;
  #wasTold = false;

  constructor(start: CommandStart, outOfMemory: OutOfMemoryWatch, events: CommandEvents) {
    const { application, socket, identity } = start;
    this.#start = start;
    this.#events = events;
    const options: SpawnOptions = {
      stdio: ['pipe', 'pipe', 'pipe', ...(socket.fd === null ? [] : [socket.fd])],
      env: childEnvironment(application.environment),
      // A session of its own: Ctrl-C in the terminal is for the supervisor alone.
      detached: true,
    };
    const args = [...LAUNCHER_OPTIONS, LAUNCHER, application.name, String(identity.worker)];
    this.#child = startChild(application.interpreter, args, options, outOfMemory, (end) => {
      void this.#onEnded(end);
    });
    const { pid = null, stdin, stdout, stderr } = this.#child ?? {};
    this.identity = { ...identity, command: { pid: pid ?? 0, path: socket.path, port: socket.port } };
    const log = start.makeLog(`${application.name} worker ${identity.worker} (${pid ?? '–'})`);
    this.#output = stdout && stderr ? new CommandOutput(stdout, stderr, log) : null;
    // One that dies at once does not read what it is told; that it died is reported all the same.
    stdin?.on('error', () => {});
    stdin?.end(launchText(start));
  }

  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get label(): string {
    const { worker } = this.identity;
    return this.pid === null ? `worker ${worker}` : `worker ${worker} (pid ${this.pid})`;
  }

  /** With the processes that it has started. */
  usage(): ProcessUsage | null {
    return this.pid === null ? null : readGroupUsage(this.pid);
  }

  /** Not those of a Python that is not ours: what it has not done says more. */
  takeStacks(then: (stacks: ThreadStacks) => void): void {
    then({ python: `\n  ${this.#whatIsMissing()}`, native: '' });
  }

  terminate(): void {
    this.#wasTold = true;
    this.#child?.kill(this.#start.target.stopSignal);
  }

  kill(): void {
    this.#wasTold = true;
    if (this.pid !== null) signalGroup(this.pid, 'SIGKILL');
  }

  #whatIsMissing(): string {
    const { target, socket } = this.#start;
    const { path, port } = socket;
    const where = path === null ? `port ${port}` : socket.fd === null ? path : `descriptor ${LISTEN_FD}`;
    const hint = isHanded(target)
      ? ''
      : '. The command has no {fd}, {socket} or {port}: does it know LISTEN_FDS?';
    const missing =
      target.readyPath === null
        ? 'it has not accepted and closed a connection on which nothing is sent,'
        : `it has not answered GET ${target.readyPath} with 200 to 399`;
    return `${missing} at ${where}${hint}`;
  }

  async #onEnded(end: ChildEnd): Promise<void> {
    if (this.pid !== null) await endGroup(this.pid, this.#start.shutdownTimeoutMs);
    const wait = new Promise((resolve) => setTimeout(resolve, LAST_WORDS_WAIT_MS).unref());
    await Promise.race([this.#output?.ended, wait]);
    const lastWords = this.#output?.lastWords ?? '';
    const isExplained = lastWords !== '' && !this.#wasTold && (end.status ?? 0) > 0;
    const cause = isExplained ? `${end.cause}: ${lastWords}` : end.cause;
    this.#events.ended({ ...end, cause }, this.#wasTold);
  }
}

/** One for which there is no socket. */
export function unstartedCommand(
  identity: WorkerIdentity,
  why: string,
  ended: (end: ChildEnd) => void,
): WorkerProcess {
  const cause = `could not be started: there is no socket for it: ${why}`;
  setImmediate(() => ended({ cause, status: null, wasStarted: false }));
  return {
    identity,
    pid: null,
    label: `worker ${identity.worker}`,
    usage: () => null,
    takeStacks: (then) => then({ python: '', native: '' }),
    terminate: () => {},
    kill: () => {},
  };
}

/** The command says itself where its socket is put in. */
function isHanded({ argv }: CommandTarget): boolean {
  return argv.some((word) => /\{(fd|socket|port)\}/.test(word.replaceAll('{{', '')));
}

/** What the launcher reads (python/command.py). */
function launchText({ application, target, socket, identity, backlog }: CommandStart): string {
  const { user, group, umask, workingDirectory, environment, recycling } = application;
  const values: Readonly<Record<string, string>> = {
    fd: String(LISTEN_FD),
    socket: socket.path ?? '',
    port: String(socket.port),
    worker: String(identity.worker),
  };
  return JSON.stringify({
    argv: target.argv.map((word) => fillIn(word, values)),
    user,
    group,
    umask,
    workingDirectory,
    environment,
    memoryLimitHard: recycling.memoryLimitHard,
    listens: socket.fd !== null,
    // Servers that are told of it in both ways take it twice.
    announces: socket.fd !== null && !isHanded(target),
    backlog,
    supervisor: process.pid,
  });
}

/** `{{` is a brace; the configuration has no other placeholders than these. */
export function fillIn(word: string, values: Readonly<Record<string, string>>): string {
  return word.replace(/\{\{|\{(\w+)\}/g, (text, name?: string) =>
    name === undefined ? '{' : (values[name] ?? text),
  );
}
