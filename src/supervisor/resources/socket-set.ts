/**
 * The listening sockets over the life of the server. A reload may ask for others: what is there is kept, what is new is
 * opened, and what nobody wants any more is closed when the reload has succeeded, or the new ones when it has not.
 */
import { existsSync } from 'node:fs';
import type { GatewayProtocolName } from '../../base/gateway-protocol-names.ts';
import type { Configuration } from '../../config/configuration.ts';
import type { ListenAddress } from '../../config/listen-address.ts';
import type { SocketRole } from '../../control/messages.ts';
import { reasonOf, StartupError } from '../startup-error.ts';
import { type ListeningSocket, openListeningSockets } from './listening-sockets.ts';
import { NO_WISHES, permitSocketFile } from './socket-file.ts';

export interface ServerSocket extends ListeningSocket, SocketUse {}

/** What a socket is for, and what is spoken there. */
interface SocketUse {
  readonly role: SocketRole;
  readonly tls: boolean;
  readonly proxied: boolean;
  readonly protocol: GatewayProtocolName | null;
}

/** The part of the configuration that counts here. */
export type Listening = Pick<Configuration, 'listen' | 'adminListen' | 'socketFiles'>;

interface WantedSocket {
  readonly address: ListenAddress;
  readonly use: SocketUse;
}

export class SocketSet {
  /** By role and address as configured: a name may stand for several sockets. */
  readonly #open = new Map<string, readonly ListeningSocket[]>();

  /** All that the configuration wants, or none. Throws StartupError. */
  async open(listening: Listening): Promise<readonly ServerSocket[]> {
    const before = [...this.#open.keys()];
    const wanted = new Map(wantedSockets(listening).map((socket) => [keyOf(socket), socket]));
    try {
      for (const [key, socket] of wanted) {
        if (!this.#open.has(key)) this.#open.set(key, await this.#openNew(socket));
        this.#permit(socket, listening);
      }
    } catch (error) {
      this.#keep(before);
      throw error;
    }
    return [...wanted].flatMap(([key, { use }]) =>
      this.#open.get(key)!.map((socket) => ({ ...socket, ...use, url: urlOf(socket, use) })),
    );
  }

  /** Those that this configuration wants. */
  keepOnly(listening: Listening): void {
    const wanted = wantedSockets(listening);
    this.#keep(wanted.map(keyOf));
    // A reload that has failed may have changed them.
    for (const socket of wanted) {
      try {
        this.#permit(socket, listening);
      } catch {
        // It was right when the socket was opened, and nobody can be told now.
      }
    }
  }

  close(): void {
    this.#keep([]);
  }

  async #openNew({ address }: WantedSocket): Promise<readonly ListeningSocket[]> {
    try {
      return await openListeningSockets([address]);
    } catch (error) {
      // Systems refuse 0.0.0.0:80 beside 127.0.0.1:80, also to one process.
      const own = [...this.#open.values()].flat().find(({ url }) => isAtPort(url, address));
      if (own === undefined) throw error;
      throw new StartupError(
        `${reasonOf(error)}. This server listens at ${own.url}: it has to be started anew for that`,
      );
    }
  }

  /** Who may connect to a Unix socket. A path that is there no more is nobody's. */
  #permit({ address, use }: WantedSocket, { socketFiles }: Listening): void {
    if (address.kind !== 'unix' || !existsSync(address.path)) return;
    permitSocketFile(address.path, use.role === 'site' ? socketFiles : NO_WISHES, use.protocol);
  }

  #keep(keys: readonly string[]): void {
    for (const [key, sockets] of this.#open) {
      if (keys.includes(key)) continue;
      for (const socket of sockets) socket.close();
      this.#open.delete(key);
    }
  }
}

function wantedSockets({ listen, adminListen }: Listening): readonly WantedSocket[] {
  const site = listen.map((address) => wantedSocket('site', address));
  return adminListen === null ? site : [...site, wantedSocket('admin', adminListen)];
}

function wantedSocket(role: SocketRole, listen: ListenAddress): WantedSocket {
  const { tls, proxied, protocol, ...address } = listen;
  return {
    address,
    use: { role, tls: tls === true, proxied: proxied === true, protocol: protocol ?? null },
  };
}

/** What is spoken there can change while it is open. Port 0 is another one each time. */
function keyOf({ address, use }: WantedSocket): string {
  const isAnyPort = address.kind === 'tcp' && address.port === 0;
  return JSON.stringify(isAnyPort ? { address, use } : { address, role: use.role });
}

/** `https://127.0.0.1:8443`, `scgi://unix:/run/app.sock`. */
function urlOf({ url }: ListeningSocket, { tls, protocol }: SocketUse): string {
  if (protocol !== null) return `${protocol}://${url.replace('http://', '')}`;
  return tls ? url.replace(/^http:/, 'https:') : url;
}

function isAtPort(url: string, address: ListenAddress): boolean {
  return address.kind === 'tcp' && url.startsWith('http:') && url.endsWith(`:${address.port}`);
}
