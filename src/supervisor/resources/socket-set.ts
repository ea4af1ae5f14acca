/**
 * The listening sockets over the life of the server. A reload may ask for others: what is there is kept, what is new is
 * opened, and what nobody wants any more is closed when the reload has succeeded, or the new ones when it has not.
 */
import type { Configuration, ListenAddress } from '../../config/configuration.ts';
import type { SocketRole } from '../../control/messages.ts';
import { reasonOf, StartupError } from '../startup-error.ts';
import { type ListeningSocket, openListeningSockets } from './listening-sockets.ts';

export interface ServerSocket extends ListeningSocket {
  readonly role: SocketRole;
}

/** The part of the configuration that counts here. */
export type Listening = Pick<Configuration, 'listen' | 'adminListen'>;

interface WantedSocket {
  readonly role: SocketRole;
  readonly address: ListenAddress;
}

export class SocketSet {
  /** By role and address as configured: a name may stand for several sockets. */
  readonly #open = new Map<string, readonly ServerSocket[]>();

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
    return [...wanted.keys()].flatMap((key) => this.#open.get(key)!);
  }

  /** Those that this configuration wants. */
  keepOnly(listening: Listening): void {
    this.#keep(wantedSockets(listening).map(keyOf));
  }

  close(): void {
    this.#keep([]);
  }

  async #openNew({ role, address }: WantedSocket): Promise<readonly ServerSocket[]> {
    try {
      const sockets = await openListeningSockets([address]);
      return sockets.map((socket) => ({ ...socket, role }));
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
  const site = listen.map((address): WantedSocket => ({ role: 'site', address }));
  return adminListen === null ? site : [...site, { role: 'admin', address: adminListen }];
}

function keyOf(wanted: WantedSocket): string {
  return JSON.stringify(wanted);
}

function isAtPort(url: string, address: ListenAddress): boolean {
  return address.kind === 'tcp' && url.startsWith('http:') && url.endsWith(`:${address.port}`);
}
