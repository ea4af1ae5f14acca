/** All upstreams of a gateway: those of the configuration by their names, and those that a route names by an address. */
import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import type { TlsSettings, UpstreamSettings } from '../config/sections/upstream.ts';
import type { UpstreamChange, UpstreamReport } from '../control/messages.ts';
import type { Log } from '../telemetry/log.ts';
import { HealthChecks } from './health-checks.ts';
import { Members, type Resolver, systemResolver } from './members.ts';
import { policyOf } from './policies.ts';
import { Upstream } from './upstream.ts';

/** How exact timeouts are. */
const CHECK_MS = 250;
/** Until the first answer of DNS is there, it is asked more often. */
const FIRST_LOOKUP_MS = 1_000;

export class Upstreams {
  readonly #log: Log;
  readonly #resolver: Resolver;
  readonly #byName = new Map<string, Upstream>();
  readonly #healthChecks: HealthChecks[] = [];
  readonly #lookups = new Set<NodeJS.Timeout>();
  #checks: NodeJS.Timeout | null = null;
  readonly #firstLookups: Promise<void>[] = [];
  #isClosed = false;

  constructor(log: Log, resolver: Resolver = systemResolver) {
    this.#log = log;
    this.#resolver = resolver;
  }

  /** Throws when a file of its TLS settings cannot be read. */
  add(name: string, settings: UpstreamSettings): Upstream {
    const known = this.#byName.get(name);
    if (known !== undefined) return known;
    this.#checks ??= setInterval(() => this.#check(), CHECK_MS).unref();
    const upstream = new Upstream(name, policyOf(settings.policy), settings, this.#log);
    const { members: entries, pool } = settings;
    const tls = settings.tls === null ? null : tlsOptions(settings.tls);
    const members = new Members(name, entries, pool, tls, this.#resolver, this.#log);
    upstream.setServers(members.servers());
    this.#byName.set(name, upstream);
    if (members.areLookedUp) this.#followNames(upstream, members, settings.resolveIntervalMs);
    if (settings.healthCheck !== null)
      this.#healthChecks.push(new HealthChecks(upstream, settings.healthCheck, pool.limits, this.#log));
    return upstream;
  }

  change({ upstream: name, server, change }: UpstreamChange): void {
    for (const upstream of this.#byName.values())
      if (name === null || upstream.name === name) upstream.change(server, change);
  }

  report(): UpstreamReport[] {
    const now = performance.now();
    return [...this.#byName.values()].map(({ name, queued, servers }) => ({
      upstream: name,
      queued,
      servers: servers.map((server) => server.report(now)),
    }));
  }

  /** Resolves when all names have been looked up once, or the time is over: a server that starts waits for no DNS. */
  async ready(timeoutMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, timeoutMs);
    await Promise.race([Promise.all(this.#firstLookups), promise]);
    clearTimeout(timer);
  }

  close(): void {
    this.#isClosed = true;
    if (this.#checks !== null) clearInterval(this.#checks);
    for (const timer of this.#lookups) clearTimeout(timer);
    for (const checks of this.#healthChecks) checks.stop();
    for (const upstream of this.#byName.values()) upstream.setServers([]);
  }

  #check(): void {
    const now = performance.now();
    for (const upstream of this.#byName.values()) upstream.check(now);
  }

  #followNames(upstream: Upstream, members: Members, intervalMs: number): void {
    const again = async () => {
      const hasChanged = await members.lookUp();
      if (this.#isClosed) return;
      if (hasChanged) {
        upstream.setServers(members.servers());
        const names = upstream.servers.map(({ name }) => name).join(', ');
        this.#log.info('upstream-changed', `upstream ${upstream.name} is now ${names}`);
      }
      const timer = setTimeout(
        () => {
          this.#lookups.delete(timer);
          void again();
        },
        upstream.servers.length === 0 ? Math.min(FIRST_LOOKUP_MS, intervalMs) : intervalMs,
      ).unref();
      this.#lookups.add(timer);
    };
    this.#firstLookups.push(again());
  }
}

function tlsOptions(settings: TlsSettings): ConnectionOptions {
  const read = (path: string | null) => (path === null ? undefined : readFileSync(path));
  return {
    ALPNProtocols: ['http/1.1'],
    rejectUnauthorized: settings.verify,
    ...(settings.serverName === null ? {} : { servername: settings.serverName }),
    ...(settings.caFile === null ? {} : { ca: read(settings.caFile) }),
    ...(settings.certificateFile === null ? {} : { cert: read(settings.certificateFile) }),
    ...(settings.keyFile === null ? {} : { key: read(settings.keyFile) }),
  };
}
