/**
 * The supervisor: takes what the server needs, runs a stack (stack.ts) on it, and does what the operator asks for, by
 * signals or through the control socket (control.ts). It carries no traffic.
 *
 *   SIGTERM, SIGINT   stop: after the drain delay, if there is one, requests are finished. A second one skips the delay.
 *                     Each further one makes it more urgent: quick stop, then kill.
 *   SIGQUIT           quick stop: requests are cut after the shutdown timeout.
 *   SIGHUP            reload the configuration and the application.
 *   SIGUSR1           open the log files anew.
 *   SIGTTIN, SIGTTOU  one worker more, one less, where there is one application.
 *
 * A changed file can ask for a reload, too (reloader.ts).
 */
import { writeSync } from 'node:fs';
import { giveBackMemory } from '../base/give-back-memory.ts';
import { VERSION } from '../base/version.ts';
import type { Configuration, ProcessRange } from '../config/configuration.ts';
import type { CachePurge, UpstreamChange } from '../control/messages.ts';
import type { ServerStatus } from '../control/protocol.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { type Cancel, systemClock } from './clock.ts';
import { Control } from './control/control.ts';
import { EventFeed } from './control/event-feed.ts';
import { ExitHistory } from './control/exit-history.ts';
import { problemsOf } from './control/server-status.ts';
import { OutOfMemoryWatch } from './processes/exit-cause.ts';
import { GATEWAY_PROGRAM } from './processes/gateway-process.ts';
import { readProcessUsage } from './processes/process-usage.ts';
import { WORKER_PROGRAM } from './processes/worker-process.ts';
import { Reloader } from './reloader.ts';
import { logFiles } from './resources/log-files.ts';
import { LogRotation } from './resources/log-rotation.ts';
import { Resources } from './resources/resources.ts';
import type { ServerSocket } from './resources/socket-set.ts';
import { scaleStack, stepScale } from './scale-stack.ts';
import { handleSignals } from './signals.ts';
import { Stack, type StackSurroundings } from './stack.ts';
import type { Programs } from './stack-processes.ts';
import { StackSet } from './stack-set.ts';
import { reasonOf, StartupError } from './startup-error.ts';
import { CertificateKeeper } from './tls/certificate-keeper.ts';

export interface SupervisorHooks {
  /** The server answers: with the application, or with 503 when it could not be loaded. */
  onServing(urls: readonly string[], adminUrls: readonly string[]): void;
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
  let resources: Resources | null = null;
  try {
    resources = await Resources.acquire(configuration);
    const sockets = await resources.sockets.open(configuration);
    return await new Supervisor(configuration, hooks, programs, resources, sockets).run();
  } catch (error) {
    resources?.release();
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
/** All goes on, but for /ready: load balancers are given time to notice. */
const LEAVING = 1;
const GRACEFUL = 2;
const QUICK = 3;
const KILLED = 4;

class Supervisor {
  readonly #hooks: SupervisorHooks;
  readonly #resources: Resources;
  readonly #log: Log;
  readonly #exits = new ExitHistory();
  readonly #events = new EventFeed();
  readonly #certificates: CertificateKeeper;
  readonly #surroundings: StackSurroundings;
  readonly #stacks: StackSet<Stack>;
  readonly #rotation: LogRotation;
  #stacksMade = 0;
  readonly #reloader: Reloader;
  readonly #stopped = Promise.withResolvers<void>();
  /** Everything is given back, too. */
  readonly #released = Promise.withResolvers<void>();
  readonly #startedAtMs = systemClock.now();
  #stopLevel = RUNNING;
  #cancelDelay: Cancel = () => {};
  #exitStatus = 0;
  #isAnnounced = false;

  constructor(
    configuration: Configuration,
    hooks: SupervisorHooks,
    programs: Programs,
    resources: Resources,
    sockets: readonly ServerSocket[],
  ) {
    this.#hooks = hooks;
    this.#resources = resources;
    this.#log = createLog(
      `supervisor ${process.pid}`,
      () => this.#configuration.logs.level,
      (line, level) => resources.errorLog.write(line, level),
      (entry) => this.#events.add(entry),
    );
    this.#certificates = new CertificateKeeper(configuration.serverRoot, this.#log, systemClock, {
      changed: () => this.#stacks.renewTls(),
      challenged: (challenges) => this.#stacks.showChallenges(challenges),
    });
    let workers = 0;
    let generations = 0;
    this.#surroundings = {
      programs,
      resources,
      outOfMemory: new OutOfMemoryWatch(),
      certificates: this.#certificates,
      exits: this.#exits,
      events: this.#events,
      log: this.#log,
      startedAtMs: Date.now(),
      nextNumber: () => ++workers,
      nextGeneration: () => generations++,
    };
    const make = this.#makeStack.bind(this);
    this.#stacks = new StackSet(make, make(configuration, sockets), resources.sockets, this.#log);
    const reloaderHooks = {
      readConfiguration: hooks.readConfiguration,
      prepare: (wanted: Configuration) => this.#certificates.prepare(wanted.tls),
      replaced: () => {
        void this.#certificates.follow(this.#configuration.tls);
        this.#announce();
      },
    };
    this.#reloader = new Reloader(this.#stacks, reloaderHooks, this.#log);
    this.#rotation = new LogRotation({
      settings: () => this.#configuration.logs.rotation,
      files: () => logFiles(this.#configuration.logs),
      reopen: () => this.#reopenLogs(),
      log: this.#log,
    });
  }

  get #stack(): Stack {
    return this.#stacks.current;
  }

  get #configuration(): Configuration {
    return this.#stack.configuration;
  }

  /** Throws StartupError. */
  async run(): Promise<number> {
    this.#certificates.prepare(this.#configuration.tls);
    const ignoreSignals = handleSignals({
      stop: () => this.#stop(this.#stopLevel === RUNNING ? this.#gentlest : this.#stopLevel + 1),
      quickStop: () => this.#stop(Math.max(this.#stopLevel + 1, QUICK)),
      reload: () => void this.#reloader.reload('by SIGHUP'),
      reopenLogs: () => this.#reopenLogs(),
      scaleUp: () => stepScale(this.#stack.pools, 1, 'SIGTTIN', this.#log),
      scaleDown: () => stepScale(this.#stack.pools, -1, 'SIGTTOU', this.#log),
    });
    const control = this.#openControl();
    this.#reloader.start();
    this.#rotation.start();
    this.#stack.start(true, null);
    await this.#stopped.promise;
    ignoreSignals();
    this.#rotation.stop();
    this.#log.info('stopped', 'all processes have ended');
    this.#resources.release();
    this.#events.end();
    control.close();
    this.#released.resolve();
    return this.#exitStatus;
  }

  #openControl(): Control {
    const server = {
      events: this.#events,
      requests: (withStacks: boolean) => this.#stacks.requests(withStacks),
      status: () => this.#status(),
      reload: (application: string | null) => this.#reloader.reload('by vivarium reload', application),
      restart: () => this.#reloader.restart(),
      purge: (purge: CachePurge) => this.#stacks.purge(purge),
      upstreams: (change: UpstreamChange | null) => this.#stacks.upstreams(change),
      scale: (application: string | null, range: ProcessRange) =>
        scaleStack(this.#stack.pools, application, range),
      stop: (now: boolean) => {
        // Asked for twice, it is no more than what was asked for.
        const level = now ? QUICK : this.#gentlest;
        if (level > this.#stopLevel) this.#stop(level);
        return this.#released.promise;
      },
    };
    return new Control(server, this.#resources.serverRoot, this.#log);
  }

  #makeStack(configuration: Configuration, sockets: readonly ServerSocket[]): Stack {
    const stack = new Stack(++this.#stacksMade, configuration, sockets, this.#surroundings, {
      settled: () => {
        if (stack === this.#stack) this.#announce();
      },
      // Later an interpreter may be missing for a moment, while it is upgraded.
      failed: (why) => {
        if (stack === this.#stack && !this.#isAnnounced) this.#fail(why);
      },
      loaded: (application, files) => this.#reloader.loaded(application, files),
    });
    return stack;
  }

  #announce(): void {
    if (this.#isAnnounced || this.#stopLevel !== RUNNING) return;
    this.#isAnnounced = true;
    void this.#certificates.follow(this.#configuration.tls);
    const [urls, adminUrls] = [this.#stack.urls('site'), this.#stack.urls('admin')];
    const admin = adminUrls.length === 0 ? '' : `, metrics and health checks at ${adminUrls.join(', ')}`;
    this.#log.info('server-started', `serving at ${urls.join(', ')}${admin}`);
    this.#hooks.onServing(urls, adminUrls);
    giveBackMemory();
  }

  // What the operator asks for

  async #status(): Promise<ServerStatus> {
    const { gateway, applications } = await this.#stack.status();
    const state = this.#stopLevel !== RUNNING ? 'stopping' : this.#isAnnounced ? 'serving' : 'starting';
    const usage = readProcessUsage(process.pid);
    return {
      versions: { vivarium: VERSION, node: process.versions.node },
      problems: problemsOf(state, gateway, applications),
      pid: process.pid,
      residentBytes: usage?.residentBytes ?? null,
      cpuMs: usage?.cpuMs ?? null,
      serverRoot: this.#resources.serverRoot.path,
      urls: this.#stack.urls('site'),
      state,
      uptimeMs: Math.round(systemClock.now() - this.#startedAtMs),
      gateway,
      applications,
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
    this.#stacks.reopenLogs();
  }

  /** The server cannot be started. */
  #fail(why: string): void {
    if (this.#stopLevel !== RUNNING) return;
    this.#exitStatus = 1;
    if (this.#configuration.logs.directory !== null) this.#log.error('cannot-start', why);
    complain(why);
    this.#stop(QUICK);
  }

  /** How a stop begins. */
  get #gentlest(): number {
    return this.#configuration.drainDelayMs > 0 ? LEAVING : GRACEFUL;
  }

  #stop(level: number): void {
    const before = this.#stopLevel;
    this.#stopLevel = level;
    this.#reloader.stop();
    this.#cancelDelay();
    if (before === RUNNING) this.#stacks.announceStop();
    if (level === LEAVING) return this.#delayStop();
    if (before < GRACEFUL) void this.#shutDown(level);
    if (level >= QUICK) this.#stacks.terminate();
    if (level >= KILLED) this.#stacks.kill();
  }

  #delayStop(): void {
    const { drainDelayMs } = this.#configuration;
    this.#log.info('draining', `/ready says no from now on; listening stops in ${drainDelayMs / 1000} s`);
    this.#cancelDelay = systemClock.after(drainDelayMs, () => this.#stop(GRACEFUL));
  }

  async #shutDown(level: number): Promise<void> {
    this.#log.info('stopping', level === GRACEFUL ? 'requests are finished first' : 'at once');
    this.#certificates.stop();
    await this.#stacks.stop();
    this.#stopped.resolve();
  }
}
