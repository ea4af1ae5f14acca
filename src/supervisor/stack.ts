/**
 * A stack: one gateway and the workers that it gives requests to, both run from one configuration. It keeps them
 * running and passes on what each has to know of the others. A server has one stack; while its configuration is
 * reloaded or everything is restarted it has two, and the new one accepts clients only when all its workers are ready.
 */
import { randomBytes } from 'node:crypto';
import type { ApplicationSettings, Configuration } from '../config/configuration.ts';
import type { RequestsInFlight, ToGateway, ToSupervisor } from '../control/messages.ts';
import type { ApplicationStatus, GatewayStatus } from '../control/protocol.ts';
import type { Log } from '../telemetry/log.ts';
import type { ChildEnd } from './child-process.ts';
import { systemClock } from './clock.ts';
import type { EventFeed } from './event-feed.ts';
import type { OutOfMemoryWatch } from './exit-cause.ts';
import type { ExitHistory } from './exit-history.ts';
import { GatewayKeeper } from './gateway-keeper.ts';
import { type GatewayEvents, GatewayHandle, inheritedListeners } from './gateway-process.ts';
import { GatewayQuestions } from './gateway-questions.ts';
import { reportDeadlock } from './life-report.ts';
import type { LoadedFiles } from './lifeline-reader.ts';
import type { ListeningSocket } from './listening-sockets.ts';
import { LoadVerdicts } from './load-verdicts.ts';
import type { PoolEffects } from './pool-effects.ts';
import type { Member } from './pool-member.ts';
import type { ReloadOutcome } from './reloads.ts';
import type { Resources } from './resources.ts';
import { applicationStatus, gatewayStatus } from './server-status.ts';
import { WorkerPool } from './worker-pool.ts';
import { WorkerHandle } from './worker-process.ts';

/** What the processes run. */
export interface Programs {
  readonly gateway: string;
  readonly worker: string;
}

/** What all stacks of a server share. */
export interface StackSurroundings {
  readonly programs: Programs;
  readonly resources: Resources;
  readonly outOfMemory: OutOfMemoryWatch;
  readonly exits: ExitHistory;
  readonly events: EventFeed;
  readonly log: Log;
  /** Numbers workers: none is used twice, whatever stack it belongs to. */
  nextNumber(): number;
}

export interface StackEvents {
  /** The gateway serves and the workers are ready, or it is known that none can be. */
  settled(): void;
  /** The first gateway, or the first interpreter, cannot be started at all. */
  failed(why: string): void;
  /** A worker has loaded these files; only where changes are watched for. */
  loaded(files: LoadedFiles): void;
}

/** It only has to call listen(2). */
const ACCEPT_TIMEOUT_MS = 10_000;
const ACCEPTING: ReloadOutcome = { ok: true, detail: 'clients are accepted' };

export class Stack {
  readonly configuration: Configuration;
  readonly #number: number;
  readonly #sockets: readonly ListeningSocket[];
  readonly #surroundings: StackSurroundings;
  readonly #events: StackEvents;
  readonly #verdicts = new LoadVerdicts(systemClock);
  readonly #gateway: GatewayKeeper;
  readonly #questions = new GatewayQuestions((message) => this.#gateway.send(message), systemClock);
  /** Null when only files are served. */
  readonly #pool: WorkerPool | null;
  readonly #whole = Promise.withResolvers<ReloadOutcome>();
  #accepts = false;
  readonly #accepting = Promise.withResolvers<ReloadOutcome>();
  #isGatewayServing = false;
  #isApplicationSettled: boolean;
  #isStopping = false;

  constructor(
    number: number,
    configuration: Configuration,
    sockets: readonly ListeningSocket[],
    surroundings: StackSurroundings,
    events: StackEvents,
  ) {
    this.#number = number;
    this.configuration = configuration;
    this.#sockets = sockets;
    this.#surroundings = surroundings;
    this.#events = events;
    this.#gateway = this.#makeGateway();
    this.#pool = this.#makePool();
    this.#isApplicationSettled = this.#pool === null;
  }

  get urls(): readonly string[] {
    return this.#sockets.map(({ url }) => url);
  }

  /** `accepts`: clients are accepted from the start, and wait while the application is loaded. */
  start(accepts: boolean): void {
    this.#accepts = accepts;
    this.#gateway.start();
    this.#pool?.start();
  }

  /** Resolves when the gateway and all workers are ready, or one of them cannot be or has ended. */
  whole(): Promise<ReloadOutcome> {
    return this.#whole.promise;
  }

  /** Resolves when clients are accepted, or cannot be. */
  accept(): Promise<ReloadOutcome> {
    this.#accepts = true;
    // Lost when the gateway has just died. The next one accepts from its start.
    this.#gateway.send({ type: 'accept' });
    const cancelWait = systemClock.after(ACCEPT_TIMEOUT_MS, () =>
      this.#accepting.resolve(
        refusal(`the new gateway did not accept connections within ${ACCEPT_TIMEOUT_MS / 1000} s`),
      ),
    );
    void this.#accepting.promise.then(cancelWait);
    return this.#accepting.promise;
  }

  /** New workers from the present configuration. */
  async reload(): Promise<ReloadOutcome> {
    if (this.#pool !== null) return this.#pool.reload();
    const detail = 'there is no application to reload';
    this.#surroundings.log.info('reload-finished', detail);
    return { ok: true, detail };
  }

  /** The next reload does not have to wait for one whose code takes for ever to load. */
  giveUpReload(why: string): void {
    this.#pool?.giveUpReload(why);
  }

  async status(): Promise<{ gateway: GatewayStatus; application: ApplicationStatus | null }> {
    const { pid } = this.#gateway;
    const report = pid === null ? null : await this.#questions.ask('report');
    const { application } = this.configuration;
    return {
      gateway: gatewayStatus(pid, report),
      application: application && this.#pool && applicationStatus(application, this.#pool, report),
    };
  }

  /** Null when the gateway does not say. */
  async requests(withStacks: boolean): Promise<RequestsInFlight | null> {
    if (this.#gateway.pid === null) return null;
    return this.#questions.ask(withStacks ? 'requests-with-stacks' : 'requests');
  }

  reopenLogs(): void {
    this.#gateway.send({ type: 'reopen-logs' });
  }

  /**
   * Stops accepting and finishes the requests; the gateway first, as it needs the workers for that. Clients whose
   * connection is idle have up to `lingerMs` to send one more. May be called again.
   */
  async stop(lingerMs: number): Promise<void> {
    this.#isStopping = true;
    this.#whole.resolve(refusal('the server was told to stop'));
    this.#accepting.resolve(refusal('the server was told to stop'));
    await this.#gateway.stop(this.configuration.gracefulTimeoutMs, lingerMs);
    await this.#pool?.stop();
    this.#surroundings.resources.serverRoot.removeWorkerSocket(this.#number);
  }

  /** Does not wait for requests. */
  terminate(): void {
    this.#gateway.terminate(this.configuration.shutdownTimeoutMs);
    void this.#pool?.stop();
  }

  kill(): void {
    this.#gateway.kill();
    this.#pool?.kill();
  }

  #makeGateway(): GatewayKeeper {
    const { exits, log } = this.#surroundings;
    const effects = {
      spawn: (events: GatewayEvents) => this.#spawnGateway(events),
      introduction: (): ToGateway[] => [this.#configureMessage(), ...(this.#pool?.introduction() ?? [])],
      serving: () => {
        this.#isGatewayServing = true;
        if (this.#accepts) this.#accepting.resolve(ACCEPTING);
        this.#onProgress();
      },
      failed: (why: string) => {
        this.#whole.resolve(refusal(why));
        this.#events.failed(why);
      },
      ended: (process: string, cause: string, wasExpected: boolean) => {
        if (this.#accepts) this.#accepting.resolve(refusal(`${process} ${cause}`));
        exits.add('gateways', { process, cause, reason: null, wasExpected });
      },
      report: (message: ToSupervisor) => this.#onReport(message),
    };
    return new GatewayKeeper(effects, systemClock, log);
  }

  #makePool(): WorkerPool | null {
    const { application, shutdownTimeoutMs } = this.configuration;
    if (application === null) return null;
    const { exits, log, nextNumber } = this.#surroundings;
    const { processes, startupTimeoutMs, recycling } = application;
    const { gracefulTimeoutMs, evictionTimeoutMs } = this.configuration;
    const limits = { startupTimeoutMs, gracefulTimeoutMs, evictionTimeoutMs, shutdownTimeoutMs };
    const settings = { processes, recycling, ...limits };
    const effects: PoolEffects = {
      nextNumber,
      spawn: (worker) => this.#spawnWorker(worker, application),
      tell: (message) => this.#gateway.send(message),
      settled: () => {
        this.#isApplicationSettled = true;
        this.#onProgress();
      },
      loadFailed: (why, traceback) => this.#whole.resolve({ ok: false, why, traceback }),
      ended: ({ process, state, failure, reason }: Member, cause) => {
        const wasExpected = state === 'stopping' && failure === null;
        exits.add('workers', { process: process.label, cause, reason: failure ?? reason, wasExpected });
        // The pool starts another one. A reload does not try twice.
        this.#whole.resolve(refusal(`${process.label} ${cause}`));
      },
    };
    return new WorkerPool(settings, effects, systemClock, log);
  }

  #onProgress(): void {
    if (!this.#isGatewayServing || !this.#isApplicationSettled) return;
    if (this.#pool?.isWhole !== false) this.#whole.resolve({ ok: true, detail: 'all workers are ready' });
    this.#events.settled();
  }

  #spawnGateway(events: GatewayEvents): GatewayHandle {
    const { programs, resources, outOfMemory } = this.#surroundings;
    const { identity, errorLog, serverRoot } = resources;
    serverRoot.removeWorkerSocket(this.#number);
    const start = {
      program: programs.gateway,
      sockets: this.#sockets,
      identity,
      outputFd: errorLog.outputFd,
      errorFd: errorLog.fd,
    };
    return new GatewayHandle(start, outOfMemory, events);
  }

  #configureMessage(): ToGateway {
    return {
      type: 'configure',
      configuration: this.configuration,
      listeners: inheritedListeners(this.#sockets),
      workerSocketPath: this.#surroundings.resources.serverRoot.workerSocketPath(this.#number),
      accepts: this.#accepts,
    };
  }

  #spawnWorker(worker: number, application: ApplicationSettings): WorkerHandle {
    const { programs, resources, outOfMemory } = this.#surroundings;
    const { serverRoot, errorLog } = resources;
    const { user, group, shutdownTimeoutMs, logs } = this.configuration;
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
      program: programs.worker,
      socketPath: serverRoot.workerSocketPath(this.#number),
      user,
      group,
      shutdownTimeoutMs,
      logLevel: logs.level,
      outputFd: errorLog.fd,
    };
    return new WorkerHandle(start, outOfMemory, {
      ended: (end) => this.#onWorkerEnded(worker, end),
      loaded: this.#events.loaded,
    });
  }

  #onWorkerEnded(worker: number, { cause, status, wasStarted }: ChildEnd): void {
    this.#surroundings.resources.serverRoot.retireLedger(worker);
    if (!wasStarted) this.#events.failed(`the worker ${cause}`);
    this.#verdicts.exited(worker, this.#isStopping ? null : status, () =>
      this.#pool?.workerExited(worker, cause),
    );
  }

  #onReport(message: ToSupervisor): void {
    const pool = this.#pool;
    switch (message.type) {
      case 'worker-ready':
        pool?.workerReady(message.worker);
        // From now on its exit has other reasons, whatever the status.
        this.#verdicts.explained(message.worker);
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
      case 'worker-evicted':
        pool?.workerEvicted(message.worker);
        break;
      case 'worker-broken':
        pool?.workerBroken(message.worker, message.why);
        break;
      case 'worker-stuck':
        pool?.workerStuck(message.worker, message.why);
        break;
      case 'worker-deadlocked':
        this.#onDeadlocked(message.worker, message.why);
        break;
      case 'worker-usage':
        pool?.workersUsed(message.usage);
        break;
      case 'accepting':
        this.#accepting.resolve(ACCEPTING);
        break;
      case 'answer':
        this.#questions.answered(message.id, message.answer);
        break;
      case 'event':
        this.#surroundings.events.add(message.event);
        break;
    }
  }

  /** The replacement is ready first, as for any other worker. */
  #onDeadlocked(worker: number, why: string): void {
    const members = [...(this.#pool?.members ?? [])];
    const member = members.find(({ process }) => process.identity.worker === worker);
    if (member === undefined) return;
    const { log } = this.#surroundings;
    reportDeadlock(log, member, why, () => this.#pool?.workerStuck(worker, `it ${why}`));
  }
}

function refusal(why: string): ReloadOutcome {
  return { ok: false, why, traceback: null };
}
