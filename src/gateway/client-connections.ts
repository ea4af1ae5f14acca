/**
 * How many connections each client has, on all listeners of the site together, and whether it may have one more
 * (limit-connections). It is asked when the client is known: at once, or after the PROXY header.
 */
import type { Socket } from 'node:net';
import { AddressList } from '../base/address-list.ts';
import { clientKey } from '../base/client-key.ts';
import type { Configuration } from '../config/configuration.ts';
import type { LimitConnectionsSettings } from '../config/sections/limit-connections.ts';
import { RefusalReport } from '../middleware/refusal-report.ts';
import { TrustedProxies } from '../middleware/trusted-proxies/trusted-proxies.ts';
import type { Log } from '../telemetry/log.ts';

/** Null when there is no limit. */
export function clientConnections(
  { limitConnections, trustedProxies }: Configuration,
  log: Log,
): ClientConnections | null {
  if (limitConnections === null) return null;
  const proxies = trustedProxies && new TrustedProxies(trustedProxies);
  return new ClientConnections(limitConnections, (address) => proxies?.isTrusted(address) === true, log);
}

export class ClientConnections {
  readonly #settings: LimitConnectionsSettings;
  readonly #exempt: AddressList;
  readonly #isProxy: (address: string) => boolean;
  readonly #report: RefusalReport;
  /** Only of clients that have some. */
  readonly #open = new Map<string, number>();

  /** `isProxy`: through which many clients come. */
  constructor(settings: LimitConnectionsSettings, isProxy: (address: string) => boolean, log: Log) {
    this.#settings = settings;
    this.#exempt = new AddressList(settings.exempt);
    this.#isProxy = isProxy;
    this.#report = new RefusalReport((what) => log.warn('connections-limited', `${settings.place}: ${what}`));
  }

  /** False: the client has enough. Else it has one more until the socket is closed. `address`: '' on a Unix socket. */
  admit(socket: Socket, address: string): boolean {
    if (address === '' || this.#isProxy(address) || this.#exempt.has(address)) return true;
    const { max, dryRun } = this.#settings;
    const client = clientKey(address);
    const before = this.#open.get(client) ?? 0;
    if (before >= max) {
      this.#report.add(dryRun ? 'would have turned away' : 'turned away', client);
      if (!dryRun) return false;
    }
    this.#open.set(client, before + 1);
    socket.on('close', () => this.#leave(client));
    return true;
  }

  #leave(client: string): void {
    const left = this.#open.get(client)! - 1;
    if (left === 0) this.#open.delete(client);
    else this.#open.set(client, left);
  }
}
