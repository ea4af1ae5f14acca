/**
 * The supervisor: takes what the server needs, starts gateway and workers, and passes on what each has to know of the
 * others and what the operator asks for, by signals or through the control socket (control.ts). It carries no traffic.
 *
 *   SIGTERM, SIGINT   stop: requests are finished. A second one: quick stop. A third one: kill.
 *   SIGQUIT           quick stop: requests are cut after the shutdown timeout.
 *   SIGHUP            reload the application.
 *   SIGUSR1           open the log files anew.
 */
import { randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { VERSION } from '../base/version.ts';
import type { Configuration } from '../config/configuration.ts';
import type { ToGateway, ToSupervisor } from '../control/messages.ts';
import type { ServerStatus } from '../control/protocol.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import type { ChildEnd } from './child-process.ts';
import { systemClock } from './clock.ts';
import { Control } from './control.ts';
import { OutOfMemoryWatch } from './exit-cause.ts';
import { ExitHistory } from './exit-history.ts';
import { GatewayKeeper } from './gateway-keeper.ts';
import { GATEWAY_PROGRAM, type GatewayEvents, GatewayHandle, inheritedListeners } from './gateway-process.ts';
import { GatewayReports } from './gateway-reports.ts';
import { LoadVerdicts } from './load-verdicts.ts';
import type { Member } from './pool-member.ts';
import type { ReloadOutcome } from './reloads.ts';
import { Resources } from './resources.ts';
import { applicationStatus, gatewayStatus } from './server-status.ts';
import { handleSignals } from './signals.ts';
import { reasonOf, StartupError } from './startup-error.ts';
import { WorkerPool } from './worker-pool.ts';
import { WORKER_PROGRAM, WorkerHandle } from './worker-process.ts';

export interface SupervisorHooks {
  /** The server answers: with the application, or with 503 when it could not be loaded. */
  onServing(urls: readonly string[]): void;
}

/** What the processes run. */
export interface Programs {
  readonly gateway: string;
  readonly worker: string;
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
    return await new Supervisor(configuration, hooks, programs, resources).run();
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
  readonly #configuration: Configuration;
  readonly #hooks: SupervisorHooks;
  readonly #programs: Programs;
  readonly #resources: Resources;
  readonly #log: Log;
  readonly #outOfMemory = new OutOfMemoryWatch();
  readonly #verdicts = new LoadVerdicts(systemClock);
  readonly #exits = new ExitHistory();
  readonly #gateway: GatewayKeeper;
  readonly #gatewayReports = new GatewayReports((message) => this.#gateway.send(message), systemClock);
  /** Null when only files are served. */
  readonly #pool: WorkerPool | null;
  readonly #stopped = Promise.withResolvers<void>();
  /** Everything is given back, too. */
  readonly #released = Promise.withResolvers<void>();
  readonly #startedAtMs = systemClock.now();
  #stopLevel = RUNNING;
  #exitStatus = 0;
  #isGatewayServing = false;
  #isApplicationSettled: boolean;
  #isAnnounced = false;

  constructor(
    configuration: Configuration,
    hooks: SupervisorHooks,
    programs: Programs,
    resources: Resources,
  ) {
    this.#configuration = configuration;
    this.#hooks = hooks;
    this.#programs = programs;
    this.#resources = resources;
    this.#log = createLog(`supervisor ${process.pid}`, configuration.logs.level, (line) =>
      resources.errorLog.write(line),
    );
    this.#gateway = this.#makeGateway();
    this.#pool = this.#makePool();
    this.#isApplicationSettled = this.#pool === null;
  }

  async run(): Promise<number> {
    const ignoreSignals = handleSignals({
      stop: () => this.#stop(this.#stopLevel + 1),
      quickStop: () => this.#stop(Math.max(this.#stopLevel + 1, QUICK)),
      reload: () => void this.#reload(),
      reopenLogs: () => this.#reopenLogs(),
    });
    const control = this.#openControl();
    this.#gateway.start();
    this.#pool?.start();
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
      stop: (now: boolean) => {
        // Asked for twice, it is no more than what was asked for.
        const level = now ? QUICK : GRACEFUL;
        if (level > this.#stopLevel) this.#stop(level);
        return this.#released.promise;
      },
    };
    return new Control(server, this.#resources.serverRoot, this.#log);
  }

  #makeGateway(): GatewayKeeper {
    const effects = {
      spawn: (events: GatewayEvents) => this.#spawnGateway(events),
      introduction: (): ToGateway[] => [this.#configureMessage(), ...(this.#pool?.introduction() ?? [])],
      serving: () => {
        this.#isGatewayServing = true;
        this.#announce();
      },
      failed: (why: string) => this.#fail(why),
      ended: (process: string, cause: string, wasExpected: boolean) =>
        this.#exits.add('gateways', { process, cause, reason: null, wasExpected }),
      report: (message: ToSupervisor) => this.#onReport(message),
    };
    return new GatewayKeeper(effects, systemClock, this.#log);
  }

  #makePool(): WorkerPool | null {
    const { application } = this.#configuration;
    if (application === null) return null;
    const { gracefulTimeoutMs, shutdownTimeoutMs } = this.#configuration;
    const { processes, startupTimeoutMs, recycling } = application;
    const settings = { processes, startupTimeoutMs, gracefulTimeoutMs, shutdownTimeoutMs, recycling };
    const effects = {
      spawn: (worker: number) => this.#spawnWorker(worker, application),
      tell: (message: ToGateway) => this.#gateway.send(message),
      settled: () => {
        this.#isApplicationSettled = true;
        this.#announce();
      },
      ended: ({ process, state, failure, reason }: Member, cause: string) => {
        const wasExpected = state === 'stopping' && failure === null;
        this.#exits.add('workers', { process: process.label, cause, reason: failure ?? reason, wasExpected });
      },
    };
    return new WorkerPool(settings, effects, systemClock, this.#log);
  }

  #spawnGateway(events: GatewayEvents): GatewayHandle {
    const { sockets, identity, errorLog, serverRoot } = this.#resources;
    serverRoot.removeWorkerSocket();
    const start = {
      program: this.#programs.gateway,
      sockets,
      identity,
      outputFd: errorLog.outputFd,
      errorFd: errorLog.fd,
    };
    return new GatewayHandle(start, this.#outOfMemory, events);
  }

  #configureMessage(): ToGateway {
    return {
      type: 'configure',
      configuration: this.#configuration,
      listeners: inheritedListeners(this.#resources.sockets),
      workerSocketPath: this.#resources.serverRoot.workerSocketPath,
    };
  }

  #spawnWorker(worker: number, application: NonNullable<Configuration['application']>): WorkerHandle {
    const { serverRoot, errorLog } = this.#resources;
    const { user, group, shutdownTimeoutMs, logs } = this.#configuration;
    const identity = {
      worker,
      token: randomBytes(16).toString('hex'),
      threads: application.threads,
      ledgerPath: serverRoot.ledgerPath(worker),
    };
    this.#gateway.send({ type: 'expect-worker', identity });
    const start = {
      identity,
      application,
      program: this.#programs.worker,
      socketPath: serverRoot.workerSocketPath,
      user,
      group,
      shutdownTimeoutMs,
      logLevel: logs.level,
      outputFd: errorLog.fd,
    };
    return new WorkerHandle(start, this.#outOfMemory, (end) => this.#onWorkerEnded(worker, end));
  }

  #onWorkerEnded(worker: number, { cause, status, wasStarted }: ChildEnd): void {
    this.#resources.serverRoot.retireLedger(worker);
    // At the start that is a wrong interpreter. Later one may be missing for a moment, while it is upgraded.
    if (!wasStarted && !this.#isAnnounced) this.#fail(`the worker ${cause}`);
    const isReasonWanted = this.#stopLevel === RUNNING;
    this.#verdicts.exited(worker, isReasonWanted ? status : null, () =>
      this.#pool?.workerExited(worker, cause),
    );
  }

  #onReport(message: ToSupervisor): void {
    const pool = this.#pool;
    switch (message.type) {
      case 'worker-ready':
        pool?.workerReady(message.worker);
        break;
      case 'worker-failed':
        pool?.workerFailed(message.worker, message.traceback);
        this.#verdicts.explained(message.worker);
        break;
      case 'worker-drained':
        pool?.workerDrained(message.worker);
        break;
      case 'worker-stopping':
        pool?.workerStopping(message.worker);
        break;
      case 'worker-broken':
        pool?.workerBroken(message.worker, message.why);
        break;
      case 'worker-stuck':
        pool?.workerStuck(message.worker, message.why);
        break;
      case 'worker-usage':
        pool?.workersUsed(message.usage);
        break;
      case 'gateway-report':
        this.#gatewayReports.answered(message);
        break;
    }
  }

  #announce(): void {
    if (this.#isAnnounced || !this.#isGatewayServing || !this.#isApplicationSettled) return;
    if (this.#stopLevel !== RUNNING) return;
    this.#isAnnounced = true;
    const urls = this.#resources.sockets.map(({ url }) => url);
    this.#log.info('server-started', `serving at ${urls.join(', ')}`);
    this.#hooks.onServing(urls);
  }

  async #reload(): Promise<ReloadOutcome> {
    if (this.#stopLevel !== RUNNING) return { ok: false, why: 'the server is stopping', traceback: null };
    if (this.#pool !== null) return this.#pool.reload();
    const detail = 'there is no application to reload';
    this.#log.info('reload-finished', detail);
    return { ok: true, detail };
  }

  async #status(): Promise<ServerStatus> {
    const { pid } = this.#gateway;
    const report = pid === null ? null : await this.#gatewayReports.ask();
    const { application } = this.#configuration;
    return {
      version: VERSION,
      pid: process.pid,
      serverRoot: this.#resources.serverRoot.path,
      urls: this.#resources.sockets.map(({ url }) => url),
      state: this.#stopLevel !== RUNNING ? 'stopping' : this.#isAnnounced ? 'serving' : 'starting',
      uptimeMs: Math.round(systemClock.now() - this.#startedAtMs),
      gateway: gatewayStatus(pid, report),
      application: application && this.#pool && applicationStatus(application, this.#pool, report),
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
    this.#gateway.send({ type: 'reopen-logs' });
  }

  /** The server cannot be started. */
  #fail(why: string): void {
    if (this.#stopLevel !== RUNNING) return;
    this.#exitStatus = 1;
    if (this.#configuration.logs.directory !== null) this.#log.error('cannot-start', why);
    complain(why);
    this.#stop(QUICK);
  }

  #stop(level: number): void {
    const { shutdownTimeoutMs } = this.#configuration;
    const isFirst = this.#stopLevel === RUNNING;
    this.#stopLevel = level;
    if (isFirst) void this.#shutDown(level);
    if (level >= QUICK) {
      this.#gateway.terminate(shutdownTimeoutMs);
      void this.#pool?.stop();
    }
    if (level >= KILLED) {
      this.#gateway.kill();
      this.#pool?.kill();
    }
  }

  /** The gateway first, as the requests it finishes need the workers. */
  async #shutDown(level: number): Promise<void> {
    this.#log.info('stopping', level === GRACEFUL ? 'requests are finished first' : 'at once');
    this.#resources.closeSockets();
    await this.#gateway.stop(this.#configuration.gracefulTimeoutMs);
    await this.#pool?.stop();
    this.#stopped.resolve();
  }
}
