/**
 * A process of a command as the gateway sees it: a server of the application's upstream, once it takes requests and the
 * supervisor has said that it may have some.
 *
 *   expected → ready → active → draining → gone
 */
import type { CommandTarget } from '../config/configuration.ts';
import type { CommandAddress, WorkerIdentity, WorkerUsage } from '../control/messages.ts';
import { GATEWAY_PROTOCOLS } from '../protocols/gateway-protocols.ts';
import type { Endpoint } from '../upstreams/connection.ts';
import { type PoolSettings, UpstreamServer } from '../upstreams/server.ts';
import { Readiness } from './readiness.ts';

export type CommandWorkerState = 'expected' | 'ready' | 'active' | 'draining' | 'gone';

const LOOPBACK = '127.0.0.1';

export class CommandWorker {
  readonly identity: WorkerIdentity;
  readonly pid: number;
  readonly server: UpstreamServer;
  /** A command counts nothing for us. */
  readonly metrics = { all: new Map<string, never>() };
  readonly #readyPath: string | null;
  readonly #ready: (worker: CommandWorker) => void;
  #readiness: Readiness | null = null;
  /** It takes requests, as far as we know. */
  #isReachable = false;
  #answeredBefore = 0;
  #wasBusy = false;
  state: CommandWorkerState = 'expected';

  /** `ready` is called each time that it has become reachable. */
  constructor(
    identity: WorkerIdentity,
    target: CommandTarget,
    pool: PoolSettings,
    ready: (worker: CommandWorker) => void,
  ) {
    const address = identity.command!;
    this.identity = identity;
    this.pid = address.pid;
    this.#readyPath = target.readyPath;
    this.#ready = ready;
    const settings = { weight: 1, isBackup: false, connectionsMax: identity.threads, state: 'up' } as const;
    this.server = new UpstreamServer(this.name, endpointOf(address, target, pool), settings, pool);
    this.#check();
  }

  /** "worker 3 (pid 77)" */
  get name(): string {
    return `worker ${this.identity.worker} (pid ${this.pid})`;
  }

  /** Requests that it has in hand. */
  get load(): number {
    return this.server.busy;
  }

  get answeredTotal(): number {
    return this.server.requests - this.server.busy;
  }

  get getsRequests(): boolean {
    return this.state === 'active' && this.#isReachable;
  }

  /** It may get requests, also from a gateway that has not yet heard of it. */
  activate(): void {
    if (this.state === 'expected' || this.state === 'ready') this.state = 'active';
  }

  /** Finishes what it has; `drained` follows. It is in no upstream any more. */
  drain(drained: () => void): void {
    if (this.state === 'gone') return;
    this.state = 'draining';
    this.#readiness?.stop();
    this.server.onRoom = () => {
      if (this.server.busy === 0 && this.state === 'draining') drained();
    };
    this.server.onRoom();
  }

  /** It cannot be connected to any more. */
  lost(): void {
    if (!this.#isReachable) return;
    this.#isReachable = false;
    this.#check();
  }

  /** Its process has ended. What clients have asked it goes its own way: the system closes the connections. */
  gone(): void {
    this.state = 'gone';
    this.#readiness?.stop();
  }

  /** What it has done since the last time; null when there is nothing new. */
  takeUsage(): WorkerUsage | null {
    const answered = this.answeredTotal - this.#answeredBefore;
    const isBusy = this.load > 0;
    if (answered === 0 && isBusy === this.#wasBusy) return null;
    this.#answeredBefore = this.answeredTotal;
    this.#wasBusy = isBusy;
    return { worker: this.identity.worker, answered, isBusy };
  }

  #check(): void {
    this.#readiness = new Readiness(this.server, this.#readyPath, () => {
      this.#isReachable = true;
      if (this.state === 'expected') this.state = 'ready';
      this.#ready(this);
    });
  }
}

function endpointOf(
  { path, port }: CommandAddress,
  { protocol: name }: CommandTarget,
  pool: PoolSettings,
): Endpoint {
  const protocol = name === 'http' ? null : GATEWAY_PROTOCOLS[name].client(pool.ajp);
  return { protocol, path, host: LOOPBACK, port, tls: null };
}
