/**
 * The listening sockets over the life of the server. A reload may ask for others: what is there is kept, what is new is
 * opened, and what nobody wants any more is closed when the reload has succeeded, or the new ones when it has not.
 */
import type { Configuration } from '../../config/configuration.ts';
import type { ListenAddress } from '../../config/listen-address.ts';
import type { SocketRole } from '../../control/messages.ts';
import { reasonOf, StartupError } from '../startup-error.ts';
import { type ListeningSocket, openListeningSockets } from './listening-sockets.ts';

export interface ServerSocket extends ListeningSocket {
  readonly role: SocketRole;
  readonly tls: boolean;
  readonly proxied: boolean;
}

/** The part of the configuration that counts here. */
export type Listening = Pick<Configuration, 'listen' | 'adminListen'>;

interface WantedSocket {
  readonly role: SocketRole;
  readonly address: ListenAddress;
  readonly tls: boolean;
  readonly proxied: boolean;
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
      }
    } catch (error) {
      this.#keep(before);
      throw error;
    }
    return [...wanted].flatMap(([key, { role, tls, proxied }]) =>
      this.#open.get(key)!.map((socket) => ({ ...socket, url: urlOf(socket, tls), role, tls, proxied })),
    );
  }

  /** Those that this configuration wants. */
  keepOnly(listening: Listening): void {
    this.#keep(wantedSockets(listening).map(keyOf));
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

function wantedSocket(role: SocketRole, { tls, proxied, ...address }: ListenAddress): WantedSocket {
  return { role, address, tls: tls === true, proxied: proxied === true };
}

/** How its connections begin can change while it is open. Port 0 is another one each time. */
function keyOf({ role, address, tls, proxied }: WantedSocket): string {
  const isAnyPort = address.kind === 'tcp' && address.port === 0;
  return JSON.stringify({ role, address, tls: isAnyPort && tls, proxied: isAnyPort && proxied });
}

function urlOf({ url }: ListeningSocket, tls: boolean): string {
  return tls ? url.replace(/^http:/, 'https:') : url;
}

function isAtPort(url: string, address: ListenAddress): boolean {
  return address.kind === 'tcp' && url.startsWith('http:') && url.endsWith(`:${address.port}`);
}
