/**
 * A stack: one gateway and the workers that it gives requests to, both run from one configuration: a pool of them for
 * each application (pools.ts). It keeps them running and passes on what each has to know of the others. A server has one stack; while its configuration is
 * reloaded or everything is restarted it has two, and the new one accepts clients only when all its workers are ready.
 */
import type { ApplicationSettings, Configuration } from '../config/configuration.ts';
import type {
  AcmeChallenges,
  CachePurge,
  PurgeReport,
  RequestsInFlight,
  SocketRole,
  ToGateway,
  ToSupervisor,
  UpstreamChange,
  UpstreamReport,
} from '../control/messages.ts';
import type { ApplicationStatus, GatewayStatus } from '../control/protocol.ts';
import type { Log } from '../telemetry/log.ts';
import { ApplicationPool } from './application-pool.ts';
import { systemClock } from './clock.ts';
import type { EventFeed } from './control/event-feed.ts';
import type { ExitHistory } from './control/exit-history.ts';
import { applicationStatus, gatewayStatus } from './control/server-status.ts';
import { DropIns } from './drop-ins.ts';
import { SHUTDOWN } from './pool/pool-member.ts';
import { type ReloadOutcome, refusal } from './pool/reloads.ts';
import { Pools } from './pools.ts';
import { GatewayKeeper } from './processes/gateway-keeper.ts';
import type { GatewayEvents } from './processes/gateway-process.ts';
import { GatewayQuestions } from './processes/gateway-questions.ts';
import type { LoadedFiles } from './processes/lifeline-reader.ts';
import type { ServerSocket } from './resources/socket-set.ts';
import { type ProcessSurroundings, StackProcesses } from './stack-processes.ts';
import { supervisorReport } from './supervisor-report.ts';
import { UpstreamChanges } from './upstream-changes.ts';

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
  /** A worker of the application has loaded these files; only where changes are watched for. */
  loaded(application: string, files: LoadedFiles): void;
}

/** It only has to call listen(2). */
const ACCEPT_TIMEOUT_MS = 10_000;
const WILL_STOP: ToGateway = { type: 'stopping' };
const ACCEPTING: ReloadOutcome = { ok: true, detail: 'clients are accepted' };

export class Stack {
  readonly configuration: Configuration;
  readonly #sockets: readonly ServerSocket[];
  readonly #surroundings: StackSurroundings;
  readonly #processes: StackProcesses;
  readonly #events: StackEvents;
  readonly #gateway: GatewayKeeper;
  readonly #questions = new GatewayQuestions((message) => this.#gateway.send(message), systemClock);
  readonly pools = new Pools();
  readonly #dropIns: DropIns;
  #stopReason = SHUTDOWN;
  readonly #whole = Promise.withResolvers<ReloadOutcome>();
  #accepts = false;
  readonly #accepting = Promise.withResolvers<ReloadOutcome>();
  #isGatewayServing = false;
  #willStop = false;
  /** What operators have said of servers of upstreams. */
  readonly upstreamChanges = new UpstreamChanges();
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
    for (const application of configuration.applications) this.pools.add(this.#makePool(application));
    const dropInEffects = {
      make: (settings: ApplicationSettings) => this.#makePool(settings),
      tellGateway: (message: ToGateway) => this.#gateway.send(message),
    };
    const directories = configuration.sites.flatMap(({ wsgiDirectories }) => wsgiDirectories);
    this.#dropIns = new DropIns(directories, this.pools, dropInEffects, systemClock, surroundings.log);
  }

  /** Where clients reach the site, or operators the metrics. */
  urls(role: SocketRole): string[] {
    return this.#sockets.filter((socket) => socket.role === role).map(({ url }) => url);
  }

  /** Workers that there should be now, by application. */
  get sizes(): ReadonlyMap<string, number> {
    return this.pools.sizes;
  }

  /**
   * `accepts`: clients are accepted from the start, and wait while the applications are loaded. `sizes`: with as many
   * workers, one at least; null: as many as the configuration says.
   */
  start(accepts: boolean, sizes: ReadonlyMap<string, number> | null): void {
    this.#accepts = accepts;
    this.#gateway.start();
    this.pools.start(sizes);
    this.#dropIns.start();
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

  /** New workers from the present configuration: of all applications, or of one. */
  async reload(application: string | null = null): Promise<ReloadOutcome> {
    if ([...this.pools].length > 0) return this.pools.reload(application);
    const detail = 'there is no application to reload';
    this.#surroundings.log.info('reload-finished', detail);
    return { ok: true, detail };
  }

  async status(): Promise<{ gateway: GatewayStatus; applications: ApplicationStatus[] }> {
    const { pid } = this.#gateway;
    const report = pid === null ? null : await this.#questions.ask('report');
    return {
      gateway: gatewayStatus(pid, report),
      applications: Array.from(this.pools, ({ settings, pool }) => applicationStatus(settings, pool, report)),
    };
  }

  /** Null when the gateway does not say. */
  async requests(withStacks: boolean): Promise<RequestsInFlight | null> {
    if (this.#gateway.pid === null) return null;
    return this.#questions.ask(withStacks ? 'requests-with-stacks' : 'requests');
  }

  /** Null when the gateway does not say. */
  async purge(purge: CachePurge): Promise<PurgeReport | null> {
    return this.#gateway.pid === null ? null : this.#questions.purge(purge);
  }

  /** How the upstreams do, after the change. Null when the gateway does not say. */
  async upstreams(change: UpstreamChange | null): Promise<readonly UpstreamReport[] | null> {
    if (this.#gateway.pid === null) return null;
    if (change !== null) this.#gateway.send({ type: 'change-upstream', change });
    const reports = await this.#questions.ask('upstreams');
    // Another gateway, after a crash of this one, is told again.
    if (change !== null && reports !== null) this.upstreamChanges.add(change);
    return reports;
  }

  /** What operators have said to the stack before this one holds here, too. */
  inheritUpstreamChanges(changes: Iterable<UpstreamChange>): void {
    for (const change of changes) {
      this.upstreamChanges.add(change);
      this.#gateway.send({ type: 'change-upstream', change });
    }
  }

  reopenLogs(): void {
    this.#processes.prepareAccessLogs();
    this.#gateway.send({ type: 'reopen-logs' });
  }

  /** Gateways that are started later learn of them with the rest. */
  showChallenges(challenges: AcmeChallenges): void {
    this.#gateway.send({ type: 'acme-challenges', challenges });
  }

  /** Certificates or the keys of sessions have changed. */
  renewTls(): void {
    const material = this.#processes.tlsMaterial();
    if (material !== null) this.#gateway.send({ type: 'tls', material });
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
    this.#dropIns.stop();
    this.#stopReason = reason;
    this.#whyStopped ??= why;
    this.#whole.resolve(refusal('the server was told to stop'));
    this.#accepting.resolve(refusal('the server was told to stop'));
    await this.#gateway.stop(this.configuration.gracefulTimeoutMs, lingerMs);
    await this.pools.stop(reason);
    this.#processes.closeCommandSockets();
    this.#processes.removeWorkerSocket();
  }

  /** Does not wait for requests. */
  terminate(): void {
    this.#gateway.terminate(this.configuration.shutdownTimeoutMs);
    void this.pools.stop(this.#stopReason);
  }

  kill(): void {
    this.#gateway.kill();
    this.pools.kill();
  }

  #makeGateway(): GatewayKeeper {
    const { exits, log } = this.#surroundings;
    const effects = {
      spawn: (events: GatewayEvents) => this.#processes.startGateway(events),
      introduction: (): ToGateway[] => [
        this.#processes.configureMessage(this.#accepts),
        ...this.pools.introduction(),
        ...Array.from(this.upstreamChanges, (change): ToGateway => ({ type: 'change-upstream', change })),
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

  #makePool(application: ApplicationSettings): ApplicationPool {
    const { applications, sites } = this.configuration;
    const isAlone =
      applications.length === 1 && sites.every(({ wsgiDirectories: none }) => none.length === 0);
    const surroundings = {
      ...this.#surroundings,
      processes: this.#processes,
      tellGateway: (message: ToGateway) => this.#gateway.send(message),
      isStopping: () => this.#isStopping,
      whyStopped: () => this.#whyStopped,
      settled: () => this.#onProgress(),
      lost: (outcome: ReloadOutcome) => this.#whole.resolve(outcome),
      failed: this.#events.failed,
      loaded: (files: LoadedFiles) => this.#events.loaded(application.name, files),
    };
    return new ApplicationPool(application, this.configuration, surroundings, isAlone);
  }

  #onProgress(): void {
    if (!this.#isGatewayServing || !this.pools.areSettled) return;
    if (this.pools.areWhole) this.#becomeWhole(this.pools.untilSettledMs);
    this.#events.settled();
  }

  /** Code that ends its process soon after it was loaded is found out before anybody relies on it. */
  #becomeWhole(waitMs: number): void {
    if (waitMs === 0) return this.#whole.resolve({ ok: true, detail: 'all workers are ready' });
    const cancelWait = systemClock.after(waitMs, () => this.#onProgress());
    void this.#whole.promise.then(cancelWait);
  }

  #answerGateway(): void {
    this.#gateway.send(supervisorReport(this.#surroundings, this.pools, this.#gateway.pid));
  }

  #onReport(message: ToSupervisor): void {
    if ('application' in message) return this.pools.get(message.application)?.reported(message);
    switch (message.type) {
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
