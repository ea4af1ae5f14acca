/**
 * A stack: one gateway and the workers that it gives requests to, both run from one configuration. It keeps them
 * running and passes on what each has to know of the others. A server has one stack; while its configuration is
 * reloaded or everything is restarted it has two, and the new one accepts clients only when all its workers are ready.
 */
import type { ApplicationSettings, Configuration } from '../config/configuration.ts';
import type { RequestsInFlight, SocketRole, ToGateway, ToSupervisor } from '../control/messages.ts';
import type { ApplicationStatus, GatewayStatus } from '../control/protocol.ts';
import type { Log } from '../telemetry/log.ts';
import { systemClock } from './clock.ts';
import type { EventFeed } from './control/event-feed.ts';
import type { ExitHistory } from './control/exit-history.ts';
import { applicationStatus, gatewayStatus } from './control/server-status.ts';
import { readMemoryRoom } from './pool/memory-room.ts';
import type { PoolEffects } from './pool/pool-effects.ts';
import { type Member, SHUTDOWN, untilSettledMs } from './pool/pool-member.ts';
import { type ReloadOutcome, refusal } from './pool/reloads.ts';
import { WorkerPool } from './pool/worker-pool.ts';
import { passOn } from './pool/worker-reports.ts';
import type { ChildEnd } from './processes/child-process.ts';
import { GatewayKeeper } from './processes/gateway-keeper.ts';
import type { GatewayEvents } from './processes/gateway-process.ts';
import { GatewayQuestions } from './processes/gateway-questions.ts';
import type { LoadedFiles } from './processes/lifeline-reader.ts';
import { LoadVerdicts } from './processes/load-verdicts.ts';
import type { WorkerHandle } from './processes/worker-process.ts';
import type { ServerSocket } from './resources/socket-set.ts';
import { type ProcessSurroundings, StackProcesses } from './stack-processes.ts';
import { supervisorReport } from './supervisor-report.ts';

/** What all stacks of a server share. */
export interface StackSurroundings extends ProcessSurroundings {
  readonly exits: ExitHistory;
  readonly events: EventFeed;
  readonly log: Log;
  /** When the server was started, in ms since 1970. */
  readonly startedAtMs: number;
  /** Numbers workers: none is used twice, whatever stack it belongs to. */
  nextNumber(): number;
  /** Numbers generations of workers, from 0. */
  nextGeneration(): number;
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
/** Age of the youngest worker at which a reload is trusted; not where somebody waits to see what he has edited. */
const SETTLE_MS = 1000;
const WILL_STOP: ToGateway = { type: 'stopping' };
const ACCEPTING: ReloadOutcome = { ok: true, detail: 'clients are accepted' };

export class Stack {
  readonly configuration: Configuration;
  readonly #sockets: readonly ServerSocket[];
  readonly #surroundings: StackSurroundings;
  readonly #processes: StackProcesses;
  readonly #events: StackEvents;
  readonly #verdicts = new LoadVerdicts(systemClock);
  readonly #gateway: GatewayKeeper;
  readonly #questions = new GatewayQuestions((message) => this.#gateway.send(message), systemClock);
  /** Null when only files are served. */
  readonly pool: WorkerPool | null;
  #stopReason = SHUTDOWN;
  readonly #whole = Promise.withResolvers<ReloadOutcome>();
  #accepts = false;
  readonly #accepting = Promise.withResolvers<ReloadOutcome>();
  #isGatewayServing = false;
  #isApplicationSettled: boolean;
  #willStop = false;
  #isStopping = false;
  #whyStopped: string | null = null;

  constructor(
    number: number,
    configuration: Configuration,
    sockets: readonly ServerSocket[],
    surroundings: StackSurroundings,
    events: StackEvents,
  ) {
    this.configuration = configuration;
    this.#sockets = sockets;
    this.#surroundings = surroundings;
    this.#processes = new StackProcesses(number, configuration, sockets, surroundings);
    this.#events = events;
    this.#gateway = this.#makeGateway();
    this.pool = this.#makePool();
    this.#isApplicationSettled = this.pool === null;
  }

  /** Where clients reach the site, or operators the metrics. */
  urls(role: SocketRole): string[] {
    return this.#sockets.filter((socket) => socket.role === role).map(({ url }) => url);
  }

  /** Workers that there should be now. */
  get size(): number {
    return this.pool?.scale.size ?? 0;
  }

  /**
   * `accepts`: clients are accepted from the start, and wait while the application is loaded. With `size` workers, or as
   * many as the configuration allows.
   */
  start(accepts: boolean, size: number): void {
    this.#accepts = accepts;
    this.#gateway.start();
    this.pool?.start(size);
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
    if (this.pool !== null) return this.pool.reload();
    const detail = 'there is no application to reload';
    this.#surroundings.log.info('reload-finished', detail);
    return { ok: true, detail };
  }

  /** The next reload does not have to wait for one whose code takes for ever to load. */
  giveUpReload(why: string): void {
    this.pool?.giveUpReload(why);
  }

  async status(): Promise<{ gateway: GatewayStatus; application: ApplicationStatus | null }> {
    const { pid } = this.#gateway;
    const report = pid === null ? null : await this.#questions.ask('report');
    const { application } = this.configuration;
    return {
      gateway: gatewayStatus(pid, report),
      application: application && this.pool && applicationStatus(application, this.pool, report),
    };
  }

  /** Null when the gateway does not say. */
  async requests(withStacks: boolean): Promise<RequestsInFlight | null> {
    if (this.#gateway.pid === null) return null;
    return this.#questions.ask(withStacks ? 'requests-with-stacks' : 'requests');
  }

  reopenLogs(): void {
    this.#processes.prepareAccessLog();
    this.#gateway.send({ type: 'reopen-logs' });
  }

  /** Says that it will stop soon. Meanwhile all goes on. */
  announceStop(): void {
    this.#willStop = true;
    this.#gateway.send(WILL_STOP);
  }

  /**
   * Stops accepting and finishes the requests; the gateway first, as it needs the workers for that. Clients whose
   * connection is idle have up to `lingerMs` to send one more. `why` completes "worker 3 (pid 77) …"; null when the
   * server stops. May be called again.
   */
  async stop(lingerMs: number, reason = SHUTDOWN, why: string | null = null): Promise<void> {
    this.#isStopping = true;
    this.#stopReason = reason;
    this.#whyStopped ??= why;
    this.#whole.resolve(refusal('the server was told to stop'));
    this.#accepting.resolve(refusal('the server was told to stop'));
    await this.#gateway.stop(this.configuration.gracefulTimeoutMs, lingerMs);
    await this.pool?.stop(reason);
    this.#processes.removeWorkerSocket();
  }

  /** Does not wait for requests. */
  terminate(): void {
    this.#gateway.terminate(this.configuration.shutdownTimeoutMs);
    void this.pool?.stop(this.#stopReason);
  }

  kill(): void {
    this.#gateway.kill();
    this.pool?.kill();
  }

  #makeGateway(): GatewayKeeper {
    const { exits, log } = this.#surroundings;
    const effects = {
      spawn: (events: GatewayEvents) => this.#processes.startGateway(events),
      introduction: (): ToGateway[] => [
        this.#processes.configureMessage(this.#accepts),
        ...(this.pool?.introduction() ?? []),
        ...(this.#willStop ? [WILL_STOP] : []),
      ],
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
        exits.addGateway(process, cause, wasExpected, this.#whyStopped);
      },
      report: (message: ToSupervisor) => this.#onReport(message),
    };
    return new GatewayKeeper(effects, systemClock, log);
  }

  #makePool(): WorkerPool | null {
    const { application, shutdownTimeoutMs } = this.configuration;
    if (application === null) return null;
    const { exits, log, nextNumber, nextGeneration } = this.#surroundings;
    const { gracefulTimeoutMs, evictionTimeoutMs } = this.configuration;
    const settleMs = application.development.reloadOnChanges ? 0 : SETTLE_MS;
    const limits = { settleMs, gracefulTimeoutMs, evictionTimeoutMs, shutdownTimeoutMs };
    const settings = { ...application, ...limits };
    const effects: PoolEffects = {
      nextNumber,
      nextGeneration,
      spawn: (worker, generation) => this.#spawnWorker(worker, generation, application),
      tell: (message) => this.#gateway.send(message),
      memoryRoom: readMemoryRoom,
      settled: () => {
        this.#isApplicationSettled = true;
        this.#onProgress();
      },
      loadFailed: (why, traceback) => this.#whole.resolve({ ok: false, why, traceback }),
      ended: (member: Member, cause) => {
        exits.addWorker(member, cause, this.#whyStopped);
        // The pool starts another one. A reload does not try twice.
        this.#whole.resolve(refusal(`${member.process.label} ${cause}`));
      },
    };
    return new WorkerPool(settings, effects, systemClock, log);
  }

  #onProgress(): void {
    if (!this.#isGatewayServing || !this.#isApplicationSettled) return;
    if (this.pool?.isWhole !== false) this.#becomeWhole(untilSettledMs(this.pool?.members ?? []));
    this.#events.settled();
  }

  /** Code that ends its process soon after it was loaded is found out before anybody relies on it. */
  #becomeWhole(waitMs: number): void {
    if (waitMs === 0) return this.#whole.resolve({ ok: true, detail: 'all workers are ready' });
    const cancelWait = systemClock.after(waitMs, () => this.#onProgress());
    void this.#whole.promise.then(cancelWait);
  }

  #spawnWorker(worker: number, generation: number, application: ApplicationSettings): WorkerHandle {
    const identity = this.#processes.identify(worker, generation, application);
    this.#gateway.send({ type: 'expect-worker', identity });
    return this.#processes.startWorker(identity, application, {
      ended: (end) => this.#onWorkerEnded(worker, end),
      loaded: this.#events.loaded,
    });
  }

  #onWorkerEnded(worker: number, { cause, status, wasStarted }: ChildEnd): void {
    this.#processes.retireLedger(worker);
    if (!wasStarted) this.#events.failed(`the worker ${cause}`);
    this.#verdicts.exited(worker, this.#isStopping ? null : status, () =>
      this.pool?.workerExited(worker, cause),
    );
  }

  #answerGateway(): void {
    this.#gateway.send(supervisorReport(this.#surroundings, this.pool, this.#gateway.pid));
  }

  #onReport(message: ToSupervisor): void {
    if (this.pool !== null) passOn(message, this.pool, this.#surroundings.log);
    switch (message.type) {
      case 'worker-ready':
      case 'worker-failed':
        // From now on its exit has other reasons, whatever the status.
        this.#verdicts.explained(message.worker);
        break;
      case 'supervisor-report-wanted':
        this.#answerGateway();
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
}
