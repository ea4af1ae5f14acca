/**
 * An application that a command of its own serves, as a gateway hosts it: a reverse proxy whose servers are the processes
 * that the supervisor has started. The supervisor says the same of them as of workers, and hears the same.
 */
import { DemandReports } from '../apps/demand-reports.ts';
import type { ServedApplication, Tell, ToServed } from '../apps/served-application.ts';
import type { SpoolLimits } from '../base/spool.ts';
import { canonicalPath, pathPrefix } from '../base/url-path.ts';
import type { ApplicationSettings, CommandTarget } from '../config/configuration.ts';
import type { RequestInFlight, WorkerIdentity } from '../control/messages.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler } from '../handler.ts';
import type { ServersOwner } from '../handlers/proxy/context.ts';
import { createProxy } from '../handlers/proxy/proxy.ts';
import type { Log } from '../telemetry/log.ts';
import { policyOf } from '../upstreams/policies.ts';
import type { UpstreamServer } from '../upstreams/server.ts';
import { type Refused, Upstream } from '../upstreams/upstream.ts';
import { CommandWorker } from './command-worker.ts';
import { Requests } from './requests.ts';

/** How exact timeouts are. */
const CHECK_MS = 250;

export type CommandSettings = ApplicationSettings & { readonly target: CommandTarget };

export class CommandApplication implements ServedApplication, ServersOwner {
  readonly #settings: CommandSettings;
  readonly #tell: Tell;
  readonly #log: Log;
  readonly #upstream: Upstream;
  readonly #proxy: Handler;
  readonly #requests: Requests;
  readonly #demand: DemandReports;
  readonly #checks: NodeJS.Timeout;
  readonly workers = new Map<number, CommandWorker>();
  readonly refused = { 'queue-full': 0, 'queue-timeout': 0, unavailable: 0 };
  readonly isDropIn = false;
  readonly isLeaving = false;
  workersWanted: number;
  whyUnavailable: string | null = null;

  constructor(settings: CommandSettings, responseSpool: SpoolLimits, tell: Tell, log: Log) {
    const { name, target, processes } = settings;
    const { upstream: upstreamSettings } = target;
    this.#settings = settings;
    this.#tell = tell;
    this.#log = log;
    this.workersWanted = processes.min;
    this.#requests = new Requests(name);
    this.#upstream = new Upstream(name, policyOf(upstreamSettings.policy), upstreamSettings, log);
    this.#upstream.awaitServers(true);
    const redirect = () => {}; // It is off.
    const tools = { upstream: this.#upstream, upstreamSettings, responseSpool, redirect, log, owner: this };
    this.#proxy = createProxy(target.proxy, tools);
    this.#demand = new DemandReports(this.#load(), tell);
    this.#checks = setInterval(() => this.#upstream.check(performance.now()), CHECK_MS).unref();
  }

  get name(): string {
    return this.#settings.name;
  }

  get mountPoint(): string {
    return this.#settings.mountPoint;
  }

  get queue(): { readonly length: number } {
    return { length: this.#upstream.queued };
  }

  get spent(): { readonly cpuUs: number; readonly wallUs: number } {
    return this.#requests.spent;
  }

  readonly handle: Handler = (exchange) => {
    this.#requests.add(exchange);
    const prefix = pathPrefix(this.#settings.mountPoint);
    if (prefix !== '') exchange.captures = { 1: restOf(exchange.request.decodedPath, prefix) };
    this.#proxy(exchange);
    if (this.workers.size === 0) this.#demand.report();
  };

  dialling(): undefined {
    return undefined;
  }

  requestsInFlight(): RequestInFlight[] {
    return this.#requests.list();
  }

  told(message: ToServed): void {
    switch (message.type) {
      case 'expect-worker':
        this.#expect(message.identity);
        break;
      case 'switch':
        this.#switch(message.activate, message.drain);
        break;
      case 'worker-exited':
        this.workers.get(message.worker)?.gone();
        this.workers.delete(message.worker);
        this.#update();
        break;
      case 'application-unavailable':
        this.whyUnavailable = message.why;
        this.#upstream.awaitServers(false);
        break;
      case 'scale':
        this.workersWanted = message.min;
        this.#demand.setWanted(message.min < message.max);
        break;
    }
  }

  /** It never leaves: it is none that was found in a directory. */
  stay(): void {}

  /** Once a second. */
  check(): void {
    const { maximumRequests, inactivityTimeoutMs } = this.#settings.recycling;
    if (maximumRequests + inactivityTimeoutMs === 0) return;
    const usage = [...this.workers.values()].flatMap((worker) => worker.takeUsage() ?? []);
    if (usage.length > 0) this.#tell({ type: 'worker-usage', usage });
  }

  /** What a command prints goes through the supervisor. */
  reopenLog(): void {}

  close(): void {
    clearInterval(this.#checks);
    this.#demand.setWanted(false);
    for (const worker of this.workers.values()) worker.gone();
    this.#upstream.setServers([]);
  }

  // ServersOwner

  given(exchange: Exchange, server: UpstreamServer): void {
    const worker = this.#workerOf(server);
    if (worker !== undefined) this.#requests.given(exchange, worker);
  }

  unreachable(exchange: Exchange, server: UpstreamServer, why: string): void {
    this.#requests.takenBack(exchange);
    const worker = this.#workerOf(server);
    if (worker === undefined) return;
    this.#log.debug('upstream-failed', `${this.#upstream.describe(server)} ${why}: its requests wait`);
    worker.lost();
    this.#update();
  }

  refuse(exchange: Exchange, why: Refused): void {
    const [reason, text] = REFUSALS[why];
    this.refused[reason]++;
    if (why === 'waited') {
      const { id, request } = exchange;
      const what = `[request ${id}] ${request.method} ${request.target}`;
      this.#log.error(
        'queue-timeout',
        `${what}: waited longer than queue-timeout for a process of the command`,
      );
    }
    exchange.abort(503, text, ['Retry-After', '1']);
  }

  #expect(identity: WorkerIdentity): void {
    const { target } = this.#settings;
    const worker = new CommandWorker(identity, target, target.upstream.pool, () => {
      this.#tell({ type: 'worker-ready', worker: identity.worker, pid: worker.pid });
      this.#update();
    });
    this.workers.set(identity.worker, worker);
  }

  #switch(activate: readonly number[], drain: readonly number[]): void {
    this.whyUnavailable = null;
    this.#upstream.awaitServers(true);
    for (const number of activate) this.workers.get(number)?.activate();
    const leaving = drain.flatMap((number) => this.workers.get(number) ?? []);
    for (const worker of leaving) worker.state = 'draining';
    // First of all they get no more requests.
    this.#update();
    for (const worker of leaving) {
      const { worker: number } = worker.identity;
      worker.drain(() => this.#tell({ type: 'worker-drained', worker: number }));
    }
  }

  #update(): void {
    const servers = [...this.workers.values()].filter((worker) => worker.getsRequests);
    for (const { server } of servers) server.state = 'up';
    this.#upstream.setServers(servers.map(({ server }) => server));
  }

  #workerOf(server: UpstreamServer): CommandWorker | undefined {
    return [...this.workers.values()].find((worker) => worker.server === server);
  }

  /** As the reports of demand see it: each request takes a thread. */
  #load(): ConstructorParameters<typeof DemandReports>[0] {
    const upstream = this.#upstream;
    const { workers } = this;
    return {
      get queue() {
        return new Array(upstream.queued).fill({ queuedAt: upstream.waitingSince });
      },
      get workers() {
        const busy = ({ answeredTotal, load }: CommandWorker) => ({
          answeredTotal,
          channels: new Array(load).fill({ load: 1 }),
        });
        return new Map(Array.from(workers, ([number, worker]) => [number, busy(worker)]));
      },
    };
  }
}

const REFUSALS = {
  none: ['unavailable', 'The application is not available. The error log says why.'],
  full: ['queue-full', 'Too many requests are waiting.'],
  waited: ['queue-timeout', 'This request has waited too long.'],
} as const;

/** Of a path that is below the mount point: without it and the slash behind it. */
function restOf(path: string, prefix: string): string {
  const canonical = canonicalPath(path);
  return canonical.startsWith(`${prefix}/`) ? canonical.slice(prefix.length + 1) : '';
}
