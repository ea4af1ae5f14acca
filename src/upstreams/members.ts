/**
 * Who the servers of an upstream are: addresses as they are configured, and what DNS says about names, which are looked up
 * again and again. A server whose address stays keeps its connections and its counts.
 */
import dns from 'node:dns/promises';
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { MemberSettings } from '../config/sections/upstream.ts';

import { GATEWAY_PROTOCOLS } from '../protocols/gateway-protocols.ts';
import type { Log } from '../telemetry/log.ts';
import { type PoolSettings, UpstreamServer } from './server.ts';

/** What DNS is asked for; a test answers by itself. */
export interface Resolver {
  addresses(host: string): Promise<readonly string[]>;
  services(name: string): Promise<readonly Service[]>;
}

/** An SRV record (RFC 2782). */
export interface Service {
  readonly name: string;
  readonly port: number;
  readonly priority: number;
  readonly weight: number;
}

/** Through the system, so that /etc/hosts and nsswitch count. */
export const systemResolver: Resolver = {
  addresses: async (host) => (await dns.lookup(host, { all: true })).map(({ address }) => address),
  services: (name) => dns.resolveSrv(name),
};

/** Of one name: nobody has so many servers, but a broken or hostile zone may say so. */
const ADDRESSES_MAX = 256;

/** A server as it is found: where, and by which entry of the configuration. */
interface Found {
  readonly host: string;
  readonly port: number;
  readonly path: string | null;
  readonly weight: number;
  readonly isBackup: boolean;
}

export class Members {
  readonly #settings: readonly MemberSettings[];
  readonly #pool: PoolSettings;
  readonly #tls: ConnectionOptions | null;
  readonly #resolver: Resolver;
  readonly #log: Log;
  readonly #upstreamName: string;
  /** What each entry of the configuration amounts to; what DNS said last stays when it says nothing. */
  readonly #found: Found[][];
  readonly #isFailing: boolean[];
  #servers = new Map<string, UpstreamServer>();

  constructor(
    upstreamName: string,
    settings: readonly MemberSettings[],
    pool: PoolSettings,
    tls: ConnectionOptions | null,
    resolver: Resolver,
    log: Log,
  ) {
    this.#upstreamName = upstreamName;
    this.#settings = settings;
    this.#pool = pool;
    this.#tls = tls;
    this.#resolver = resolver;
    this.#log = log;
    this.#found = settings.map((member) => (isFixed(member) ? [fixed(member)] : []));
    this.#isFailing = settings.map(() => false);
  }

  /** Some of it has to be looked up. */
  get areLookedUp(): boolean {
    return !this.#settings.every(isFixed);
  }

  /** As it is known now: the same objects for the same addresses. */
  servers(): readonly UpstreamServer[] {
    const servers = new Map<string, UpstreamServer>();
    this.#settings.forEach((member, i) => {
      for (const found of this.#found[i]!) {
        const name = nameOf(found);
        if (!servers.has(name))
          servers.set(name, this.#servers.get(name) ?? this.#create(name, found, member));
      }
    });
    this.#servers = servers;
    return [...servers.values()];
  }

  /** Asks DNS about all names. Returns whether anything has changed. */
  async lookUp(): Promise<boolean> {
    const before = this.#found.flat().map(nameOf).sort().join();
    await Promise.all(
      this.#settings.map((member, i) => (isFixed(member) ? undefined : this.#lookUpOne(member, i))),
    );
    return this.#found.flat().map(nameOf).sort().join() !== before;
  }

  async #lookUpOne(member: MemberSettings, i: number): Promise<void> {
    const name = member.service ?? member.host;
    try {
      const found = member.service === null ? await this.#byName(member) : await this.#byService(member);
      if (found.length === 0) throw new Error('it has no addresses');
      this.#found[i] = found.slice(0, ADDRESSES_MAX);
      this.#isFailing[i] = false;
    } catch (error) {
      // Said once, not every time; what was found before stays.
      if (this.#isFailing[i]) return;
      this.#isFailing[i] = true;
      const kept =
        this.#found[i]!.length === 0 ? 'it has no servers of this name' : 'it keeps the servers it had';
      this.#log.error(
        'upstream-lookup-failed',
        `upstream ${this.#upstreamName}: cannot look up ${name}: ${(error as Error).message}; ${kept}`,
      );
    }
  }

  async #byName({ host, port, weight, isBackup }: MemberSettings): Promise<Found[]> {
    const addresses = await this.#resolver.addresses(host);
    return [...addresses].sort().map((address) => ({ host: address, port, path: null, weight, isBackup }));
  }

  /** Those of the lowest priority number are used, the others are backups (RFC 2782). */
  async #byService({ service, weight, isBackup }: MemberSettings): Promise<Found[]> {
    const records = (await this.#resolver.services(service!)).slice(0, ADDRESSES_MAX);
    const first = Math.min(...records.map(({ priority }) => priority));
    const found = records.map(async (record): Promise<Found[]> => {
      const addresses = isIP(record.name) ? [record.name] : await this.#resolver.addresses(record.name);
      return addresses.map((address) => ({
        host: address,
        port: record.port,
        path: null,
        weight: weight * Math.max(1, record.weight),
        isBackup: isBackup || record.priority > first,
      }));
    });
    return (await Promise.all(found)).flat();
  }

  #create(
    name: string,
    { host, port, path, weight, isBackup }: Found,
    member: MemberSettings,
  ): UpstreamServer {
    // The name in the certificate is the one that was configured, not the address it led to.
    const isSecure = this.#tls !== null && member.isSecure;
    const tls = isSecure ? { servername: isIP(member.host) ? '' : member.host, ...this.#tls } : null;
    const scheme = member.scheme ?? 'http';
    const protocol =
      scheme === 'http' || scheme === 'https' ? null : GATEWAY_PROTOCOLS[scheme].client(this.#pool.ajp);
    const settings = { weight, isBackup, connectionsMax: member.connectionsMax, state: member.state };
    return new UpstreamServer(name, { protocol, host, port, path, tls }, settings, this.#pool);
  }
}

function isFixed({ path, host, service }: MemberSettings): boolean {
  return service === null && (path !== null || isIP(host) !== 0);
}

function fixed({ host, port, path, weight, isBackup }: MemberSettings): Found {
  return { host, port, path, weight, isBackup };
}

function nameOf({ host, port, path }: Found): string {
  if (path !== null) return `unix:${path}`;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
