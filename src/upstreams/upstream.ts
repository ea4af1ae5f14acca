/**
 * An upstream: servers that do the same, one policy that chooses among them, and a line of requests that wait while all
 * of them are busy.
 *
 * Servers come and go (names are looked up again, see members.ts); those that stay keep their connections and their
 * counts. A handler asks for a server with `acquire`, tells what became of it with `report`, and releases it.
 */
import type { Log } from '../telemetry/log.ts';
import type { Policy } from './policies.ts';
import type { ServerState, UpstreamServer } from './server.ts';

/** A request that wants a server. */
export interface Seeker {
  /** What a consistent hash is computed of. */
  readonly key: string;
  /** The server that the client was given before (sticky cookie); null for none. */
  readonly preferred: UpstreamServer | null;
  /** Those that have failed it. */
  readonly tried: ReadonlySet<UpstreamServer>;
  /** Here it is; may come within `acquire`. `release` must follow. */
  given(server: UpstreamServer): void;
  /** There is none for it. */
  refused(why: Refused): void;
}

/** `none`: no server can be used. `full`: all are busy and nothing more may wait. `waited`: for too long. */
export type Refused = 'none' | 'full' | 'waited';

export interface QueueSettings {
  /** Requests that may wait for a server with room; 0: none. */
  readonly queueMax: number;
  readonly queueTimeoutMs: number;
}

/** What can be changed while it runs. */
export interface ServerChange {
  readonly state: ServerState;
  readonly weight: number;
}

interface Waiting {
  readonly seeker: Seeker;
  readonly since: number;
}

export class Upstream {
  readonly name: string;
  readonly #policy: Policy;
  readonly #queue: QueueSettings;
  readonly #log: Log;
  #servers: readonly UpstreamServer[] = [];
  /** What operators have said of servers, also of those that come back. */
  readonly #changes = new Map<string, Partial<ServerChange>>();
  /** No more in it, with requests under way. */
  #leaving = new Set<UpstreamServer>();
  #line: Waiting[] = [];
  #isAwaited = false;

  constructor(name: string, policy: Policy, queue: QueueSettings, log: Log) {
    this.name = name;
    this.#policy = policy;
    this.#queue = queue;
    this.#log = log;
  }

  get servers(): readonly UpstreamServer[] {
    return this.#servers;
  }

  /** performance.now() when the first of those that wait came; null: none waits. */
  get waitingSince(): number | null {
    return this.#line[0]?.since ?? null;
  }

  get queued(): number {
    return this.#line.length;
  }

  /** Those that are no more in it finish what they have. */
  setServers(servers: readonly UpstreamServer[]): void {
    for (const server of this.#servers) {
      if (servers.includes(server)) continue;
      server.state = 'disabled';
      server.closeIdle();
      this.#leaving.add(server);
    }
    this.#servers = servers;
    for (const server of servers) {
      server.onRoom = this.#onRoom;
      Object.assign(server, this.#changes.get(server.name));
    }
    this.#onRoom();
  }

  /** Servers are being started: requests wait although there is none. */
  awaitServers(isAwaited: boolean): void {
    this.#isAwaited = isAwaited;
    if (isAwaited || this.#servers.length > 0) return;
    for (const { seeker } of this.#line.splice(0)) seeker.refused('none');
  }

  change(name: string, change: Partial<ServerChange>): void {
    this.#changes.set(name, { ...this.#changes.get(name), ...change });
    const server = this.#servers.find((one) => one.name === name);
    if (server === undefined) return;
    Object.assign(server, change);
    if (server.state !== 'up') server.closeIdle();
    this.#onRoom();
  }

  acquire(seeker: Seeker): void {
    const now = performance.now();
    const server = this.#line.length === 0 ? this.#choose(seeker, now) : null;
    if (server !== null) return seeker.given(server);
    if (!this.#isAwaited && !this.#servers.some((one) => isUsable(one, seeker, now, this.#servers)))
      return seeker.refused('none');
    if (this.#line.length >= this.#queue.queueMax) return seeker.refused('full');
    this.#line.push({ seeker, since: now });
  }

  /** It does not want a server any more. */
  forget(seeker: Seeker): void {
    if (this.#line.length > 0) this.#line = this.#line.filter((waiting) => waiting.seeker !== seeker);
  }

  /** What a request has shown about a server. */
  report(server: UpstreamServer, hasFailed: boolean): void {
    const now = performance.now();
    if (!hasFailed) {
      if (server.passive.succeeded(now))
        this.#log.info('upstream-up', `${this.describe(server)} answers again`);
      return;
    }
    server.failures++;
    // A server that stands alone is always tried: there is nothing to be won without it.
    if (this.#servers.length === 1 || !server.passive.failed(now)) return;
    this.#log.error('upstream-down', `${this.describe(server)} has failed and gets no requests for a while`);
    server.closeIdle();
  }

  /** A few times a second. */
  check(now: number): void {
    for (const server of this.#servers) server.check(now);
    for (const server of this.#leaving) {
      server.check(now);
      if (server.busy === 0) this.#leaving.delete(server);
    }
    while (this.#line.length > 0 && now - this.#line[0]!.since >= this.#queue.queueTimeoutMs)
      this.#line.shift()!.seeker.refused('waited');
    // A server may have come back by itself.
    this.#onRoom();
  }

  describe(server: UpstreamServer): string {
    return server.name === this.name ? server.name : `${server.name} (upstream ${this.name})`;
  }

  /** Servers that are given to nobody are left out, backups too while there is another. */
  #choose(seeker: Seeker, now: number): UpstreamServer | null {
    const servers = this.#servers;
    if (servers.length === 1) return this.#theOnly(servers[0]!, seeker);
    if (seeker.preferred !== null && mayKeep(seeker.preferred, seeker, now)) return seeker.preferred;
    for (const isBackup of [false, true]) {
      const usable = servers.filter((one) => one.isBackup === isBackup && isFit(one, seeker, now));
      const free = usable.filter((one) => one.hasRoom);
      if (free.length > 0) return this.#policy(free, seeker.key, now);
      // A consistent hash would lose its use, and backups are for failures, not for load.
      if (usable.length > 0) return null;
    }
    return null;
  }

  #theOnly(server: UpstreamServer, { tried }: Seeker): UpstreamServer | null {
    const isFree = server.state === 'up' && server.isHealthy && server.hasRoom;
    return isFree && !tried.has(server) ? server : null;
  }

  readonly #onRoom = (): void => {
    while (this.#line.length > 0) {
      const { seeker } = this.#line[0]!;
      const server = this.#choose(seeker, performance.now());
      if (server === null) return;
      this.#line.shift();
      seeker.given(server);
    }
  };
}

function isFit(server: UpstreamServer, { tried }: Seeker, now: number): boolean {
  return server.isAvailable(now) && !tried.has(server);
}

/** A server that drains keeps the clients that it has. */
function mayKeep(server: UpstreamServer, { tried }: Seeker, now: number): boolean {
  if (tried.has(server) || !server.hasRoom || !server.isHealthy) return false;
  return server.state !== 'disabled' && server.passive.isAvailable(now);
}

/** It could be given when it has room. */
function isUsable(
  server: UpstreamServer,
  seeker: Seeker,
  now: number,
  all: readonly UpstreamServer[],
): boolean {
  if (all.length > 1) return isFit(server, seeker, now);
  return server.state === 'up' && server.isHealthy && !seeker.tried.has(server);
}
