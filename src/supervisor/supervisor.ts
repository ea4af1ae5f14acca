/**
 * The supervisor: takes what the server needs, runs a stack (stack.ts) on it, and does what the operator asks for, by
 * signals or through the control socket (control.ts). It carries no traffic.
 *
 *   SIGTERM, SIGINT   stop: requests are finished. A second one: quick stop. A third one: kill.
 *   SIGQUIT           quick stop: requests are cut after the shutdown timeout.
 *   SIGHUP            reload the configuration and the application.
 *   SIGUSR1           open the log files anew.
 *
 * A reload is a transaction. The configuration is read again: when it is as before, only the workers are replaced (see
 * worker-pool.ts); when it has changed, or for a restart, a second stack is built beside the first, and takes its place
 * when all of it is ready. Whatever fails before that leaves the first one as it was.
 */
import { writeSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { VERSION } from '../base/version.ts';
import type { Configuration } from '../config/configuration.ts';
import type { ServerStatus } from '../control/protocol.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { systemClock } from './clock.ts';
import { Control } from './control.ts';
import { OutOfMemoryWatch } from './exit-cause.ts';
import { ExitHistory } from './exit-history.ts';
import { GATEWAY_PROGRAM } from './gateway-process.ts';
import type { ListeningSocket } from './listening-sockets.ts';
import type { ReloadOutcome } from './reloads.ts';
import { Resources } from './resources.ts';
import { handleSignals } from './signals.ts';
import { type Programs, Stack, type StackSurroundings } from './stack.ts';
import { reasonOf, StartupError } from './startup-error.ts';
import { Turns } from './turns.ts';
import { unchangeable } from './unchangeable.ts';
import { WORKER_PROGRAM } from './worker-process.ts';

export interface SupervisorHooks {
  /** The server answers: with the application, or with 503 when it could not be loaded. */
  onServing(urls: readonly string[]): void;
  /** Reads the configuration anew, as it was read at the start. Throws an error for the operator. */
  readConfiguration(): Promise<Configuration>;
}

const OWN_PROGRAMS: Programs = { gateway: GATEWAY_PROGRAM, worker: WORKER_PROGRAM };
const STANDARD_ERROR = 2;

/** Serves until it is told to stop. Returns the exit status; why it is not 0 was written to standard error. */
export async function runSupervisor(
  configuration: Configuration,
  hooks: SupervisorHooks,
  programs: Programs = OWN_PROGRAMS,
): Promise<number> {
  try {
    const resources = await Resources.acquire(configuration);
    const sockets = await resources.sockets.open(configuration.listen);
    return await new Supervisor(configuration, hooks, programs, resources, sockets).run();
  } catch (error) {
    if (!(error instanceof StartupError)) throw error;
    complain(error.message);
    return 1;
  }
}

function complain(message: string): void {
  writeSync(STANDARD_ERROR, `vivarium: ${message}\n`);
}

/** How far a stop has gone. Each further signal takes it one step on. */
const RUNNING = 0;
const GRACEFUL = 1;
const QUICK = 2;
const KILLED = 3;

class Supervisor {
  readonly #hooks: SupervisorHooks;
  readonly #resources: Resources;
  readonly #log: Log;
  readonly #exits = new ExitHistory();
  readonly #surroundings: StackSurroundings;
  #stack: Stack;
  /** The one that a reload is starting. */
  #next: Stack | null = null;
  /** Those that finish their requests. */
  readonly #retiring = new Set<Stack>();
  #stacksMade = 0;
  readonly #reloads = new Turns<ReloadOutcome>();
  readonly #stopped = Promise.withResolvers<void>();
  /** Everything is given back, too. */
  readonly #released = Promise.withResolvers<void>();
  readonly #startedAtMs = systemClock.now();
  #stopLevel = RUNNING;
  #exitStatus = 0;
  #isAnnounced = false;

  constructor(
    configuration: Configuration,
    hooks: SupervisorHooks,
    programs: Programs,
    resources: Resources,
    sockets: readonly ListeningSocket[],
  ) {
    this.#hooks = hooks;
    this.#resources = resources;
    this.#log = createLog(`supervisor ${process.pid}`, configuration.logs.level, (line) =>
      resources.errorLog.write(line),
    );
    let workers = 0;
    this.#surroundings = {
      programs,
      resources,
      outOfMemory: new OutOfMemoryWatch(),
      exits: this.#exits,
      log: this.#log,
      nextNumber: () => ++workers,
    };
    this.#stack = this.#makeStack(configuration, sockets);
  }

  async run(): Promise<number> {
    const ignoreSignals = handleSignals({
      stop: () => this.#stop(this.#stopLevel + 1),
      quickStop: () => this.#stop(Math.max(this.#stopLevel + 1, QUICK)),
      reload: () => void this.#reload(),
      reopenLogs: () => this.#reopenLogs(),
    });
    const control = this.#openControl();
    this.#stack.start(true);
    await this.#stopped.promise;
    ignoreSignals();
    this.#log.info('stopped', 'all processes have ended');
    this.#resources.release();
    control.close();
    this.#released.resolve();
    return this.#exitStatus;
  }

  #openControl(): Control {
    const server = {
      status: () => this.#status(),
      reload: () => this.#reload(),
      restart: () => this.#restart(),
      stop: (now: boolean) => {
        // Asked for twice, it is no more than what was asked for.
        const level = now ? QUICK : GRACEFUL;
        if (level > this.#stopLevel) this.#stop(level);
        return this.#released.promise;
      },
    };
    return new Control(server, this.#resources.serverRoot, this.#log);
  }

  #makeStack(configuration: Configuration, sockets: readonly ListeningSocket[]): Stack {
    return new Stack(++this.#stacksMade, configuration, sockets, this.#surroundings, {
      settled: () => this.#announce(),
      // Later an interpreter may be missing for a moment, while it is upgraded.
      failed: (why) => {
        if (!this.#isAnnounced) this.#fail(why);
      },
    });
  }

  #announce(): void {
    if (this.#isAnnounced || this.#stopLevel !== RUNNING) return;
    this.#isAnnounced = true;
    const { urls } = this.#stack;
    this.#log.info('server-started', `serving at ${urls.join(', ')}`);
    this.#hooks.onServing(urls);
  }

  // Reload and restart

  #reload(): Promise<ReloadOutcome> {
    return this.#reloads.take('reload', async () => {
      const read = await this.#readConfiguration();
      if (!('configuration' in read)) return this.#refuseReload(read.why);
      if (this.#stopLevel !== RUNNING) return STOPPING;
      const isSame = isDeepStrictEqual(read.configuration, this.#stack.configuration);
      return isSame ? this.#stack.reload() : this.#replaceStack(read.configuration);
    });
  }

  /** The same configuration with a new gateway and new workers. */
  #restart(): Promise<ReloadOutcome> {
    return this.#reloads.take('restart', () => this.#replaceStack(this.#stack.configuration));
  }

  async #readConfiguration(): Promise<{ configuration: Configuration } | { why: string }> {
    try {
      const configuration = await this.#hooks.readConfiguration();
      const fixed = unchangeable(this.#stack.configuration, configuration);
      return fixed === null ? { configuration } : { why: fixed };
    } catch (error) {
      return { why: reasonOf(error) };
    }
  }

  async #replaceStack(configuration: Configuration): Promise<ReloadOutcome> {
    if (this.#stopLevel !== RUNNING) return STOPPING;
    this.#log.info('reload-started', 'starting a new gateway and new workers');
    const { sockets } = this.#resources;
    const old = this.#stack;
    let next: Stack;
    try {
      next = this.#makeStack(configuration, await sockets.open(configuration.listen));
    } catch (error) {
      return this.#refuseReload(reasonOf(error));
    }
    this.#next = next;
    next.start(false);
    const outcome = await next.whole();
    this.#next = null;
    if (!outcome.ok) {
      this.#retire(next, 0);
      if (this.#stopLevel === RUNNING) sockets.keepOnly(old.configuration.listen);
      return this.#stopLevel === RUNNING ? this.#refuseReload(outcome.why, outcome.traceback) : STOPPING;
    }
    next.accept();
    this.#stack = next;
    sockets.keepOnly(configuration.listen);
    const { http, gracefulTimeoutMs } = old.configuration;
    this.#retire(old, Math.min(http.keepAliveTimeoutMs, gracefulTimeoutMs / 2));
    const detail = 'a new gateway and new workers serve, the old ones finish their requests';
    this.#log.info('reload-finished', detail);
    return { ok: true, detail };
  }

  #refuseReload(why: string, traceback: string | null = null): ReloadOutcome {
    this.#log.error('reload-failed', `${why}. Everything goes on as before the reload`);
    return { ok: false, why, traceback };
  }

  #retire(stack: Stack, lingerMs: number): void {
    this.#retiring.add(stack);
    void stack.stop(lingerMs).then(() => this.#retiring.delete(stack));
  }

  // What else the operator asks for

  async #status(): Promise<ServerStatus> {
    const { gateway, application } = await this.#stack.status();
    return {
      version: VERSION,
      pid: process.pid,
      serverRoot: this.#resources.serverRoot.path,
      urls: this.#stack.urls,
      state: this.#stopLevel !== RUNNING ? 'stopping' : this.#isAnnounced ? 'serving' : 'starting',
      uptimeMs: Math.round(systemClock.now() - this.#startedAtMs),
      gateway,
      application,
      restarts: this.#exits.restarts,
      exits: this.#exits.newest,
    };
  }

  #reopenLogs(): void {
    try {
      this.#resources.errorLog.reopen();
    } catch (error) {
      this.#log.error('log-not-reopened', `the old error log goes on: ${reasonOf(error)}`);
    }
    for (const stack of this.#stacks()) stack.reopenLogs();
  }

  /** The server cannot be started. */
  #fail(why: string): void {
    if (this.#stopLevel !== RUNNING) return;
    this.#exitStatus = 1;
    if (this.#stack.configuration.logs.directory !== null) this.#log.error('cannot-start', why);
    complain(why);
    this.#stop(QUICK);
  }

  #stop(level: number): void {
    const isFirst = this.#stopLevel === RUNNING;
    this.#stopLevel = level;
    if (isFirst) void this.#shutDown(level);
    if (level >= QUICK) for (const stack of this.#stacks()) stack.terminate();
    if (level >= KILLED) for (const stack of this.#stacks()) stack.kill();
  }

  async #shutDown(level: number): Promise<void> {
    this.#log.info('stopping', level === GRACEFUL ? 'requests are finished first' : 'at once');
    this.#resources.closeSockets();
    await Promise.all(this.#stacks().map((stack) => stack.stop(0)));
    this.#stopped.resolve();
  }

  #stacks(): Stack[] {
    return [this.#stack, ...(this.#next === null ? [] : [this.#next]), ...this.#retiring];
  }
}

const STOPPING: ReloadOutcome = { ok: false, why: 'the server is stopping', traceback: null };
