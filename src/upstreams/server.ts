/**
 * One server of an upstream: its connections, those that are kept for the next request, and how it is doing.
 *
 * What the balancing policies read of it (`weightNow`, `busy`, `hasRoom`) is computed here, once.
 */
import type { UpstreamServerReport } from '../control/messages.ts';
import type { AjpSettings } from '../protocols/gateway-protocol.ts';
import type { ResponseLimits } from '../protocols/http1/response-reading.ts';
import { type ConnectionOwner, type Endpoint, UpstreamConnection } from './connection.ts';
import { PassiveHealth, type PassiveSettings } from './passive-health.ts';

/** `up`: gets requests. `draining`: finishes what it has (and keeps its sticky clients). `disabled`: gets none. */
export type ServerState = 'up' | 'draining' | 'disabled';

export interface ServerSettings {
  readonly weight: number;
  /** Only used while no other server can be. */
  readonly isBackup: boolean;
  /** Requests at once; 0: no limit. */
  readonly connectionsMax: number;
  readonly state: ServerState;
}

export interface PoolSettings extends PassiveSettings {
  /** Connections kept idle, how long, and for how many requests each. */
  readonly keepAliveConnections: number;
  readonly keepAliveTimeoutMs: number;
  readonly keepAliveRequests: number;
  readonly limits: ResponseLimits;
  readonly ajp: AjpSettings;
}

export class UpstreamServer implements ConnectionOwner {
  /** For people and for logs: `10.0.0.1:8000`, `unix:/run/app.sock`. */
  readonly name: string;
  readonly endpoint: Endpoint;
  readonly isBackup: boolean;
  readonly connectionsMax: number;
  readonly passive: PassiveHealth;
  readonly #settings: PoolSettings;
  readonly #idle: UpstreamConnection[] = [];
  readonly #all = new Set<UpstreamConnection>();
  weight: number;
  state: ServerState;
  /** What active checks say; true while there are none. */
  isHealthy = true;
  /** For smooth weighted round robin (policies.ts). */
  currentWeight = 0;
  /** Requests that are under way, sent in all, and failed. */
  busy = 0;
  requests = 0;
  failures = 0;
  /** Called when a request has ended: one that waits may be next. */
  onRoom: (() => void) | null = null;

  constructor(name: string, endpoint: Endpoint, settings: ServerSettings, pool: PoolSettings) {
    this.name = name;
    this.endpoint = endpoint;
    this.weight = settings.weight;
    this.isBackup = settings.isBackup;
    this.connectionsMax = settings.connectionsMax;
    this.state = settings.state;
    this.#settings = pool;
    this.passive = new PassiveHealth(pool);
  }

  get hasRoom(): boolean {
    return this.connectionsMax === 0 || this.busy < this.connectionsMax;
  }

  /** Connections are kept for the next request. */
  get keepsConnections(): boolean {
    return this.#settings.keepAliveConnections > 0;
  }

  /** It may be given requests of new clients, if it has room. */
  isAvailable(now: number): boolean {
    return this.state === 'up' && this.isHealthy && this.passive.isAvailable(now);
  }

  /** The weight, reduced while the server is new or has just come back. */
  weightNow(now: number): number {
    return this.weight * this.passive.shareNow(now);
  }

  /** A connection for one request, a kept one if there is one. `fresh`: a new one in any case. */
  take(fresh = false): UpstreamConnection {
    this.busy++;
    this.requests++;
    let kept = fresh ? undefined : this.#idle.pop();
    while (kept?.isDestroyed) kept = this.#idle.pop();
    if (kept !== undefined) return kept;
    const connection = new UpstreamConnection(this.endpoint, this.#settings.limits, this, performance.now());
    this.#all.add(connection);
    return connection;
  }

  /** The request for which `take` was called has ended, however it ended. */
  release(): void {
    this.busy--;
    this.onRoom?.();
  }

  report(now: number): UpstreamServerReport {
    const { name, weight, isBackup, busy, requests, failures } = this;
    const whileUp = this.isHealthy ? (this.passive.isAvailable(now) ? 'up' : 'failing') : 'unhealthy';
    const state = this.state === 'up' ? whileUp : this.state;
    const idleConnections = this.#idle.length;
    return { server: name, state, weight, isBackup, busy, requests, failures, idleConnections };
  }

  /** A few times a second. */
  check(now: number): void {
    for (const connection of this.#all) connection.check(now);
    const { keepAliveTimeoutMs } = this.#settings;
    // The one that has been idle longest is the first.
    while (this.#idle.length > 0 && now - this.#idle[0]!.idleSince >= keepAliveTimeoutMs)
      this.#idle.shift()!.destroy();
  }

  /** Requests that are under way go on. */
  closeIdle(): void {
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  // ConnectionOwner

  idle(connection: UpstreamConnection): void {
    const { keepAliveConnections, keepAliveRequests } = this.#settings;
    if (this.state === 'disabled') return connection.destroy();
    if (this.#idle.length >= keepAliveConnections || connection.requests >= keepAliveRequests)
      return connection.destroy();
    connection.idleSince = performance.now();
    this.#idle.push(connection);
  }

  closed(connection: UpstreamConnection): void {
    this.#all.delete(connection);
    const at = this.#idle.indexOf(connection);
    if (at >= 0) this.#idle.splice(at, 1);
  }
}
