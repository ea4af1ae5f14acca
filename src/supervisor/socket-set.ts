/**
 * The listening sockets over the life of the server. A reload may ask for others: what is there is kept, what is new is
 * opened, and what nobody wants any more is closed when the reload has succeeded, or the new ones when it has not.
 */
import type { ListenAddress } from '../config/configuration.ts';
import { type ListeningSocket, openListeningSockets } from './listening-sockets.ts';
import { reasonOf, StartupError } from './startup-error.ts';

export class SocketSet {
  /** By address as configured: a name may stand for several sockets. */
  readonly #open = new Map<string, readonly ListeningSocket[]>();

  /** All or none. Throws StartupError. */
  async open(addresses: readonly ListenAddress[]): Promise<readonly ListeningSocket[]> {
    const before = [...this.#open.keys()];
    const wanted = new Map(addresses.map((address) => [keyOf(address), address]));
    try {
      for (const [key, address] of wanted) {
        if (!this.#open.has(key)) this.#open.set(key, await this.#openNew(address));
      }
    } catch (error) {
      this.#keep(before);
      throw error;
    }
    return [...wanted.keys()].flatMap((key) => this.#open.get(key)!);
  }

  keepOnly(addresses: readonly ListenAddress[]): void {
    this.#keep(addresses.map(keyOf));
  }

  async #openNew(address: ListenAddress): Promise<readonly ListeningSocket[]> {
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

function keyOf(address: ListenAddress): string {
  return JSON.stringify(address);
}

function isAtPort(url: string, address: ListenAddress): boolean {
  return address.kind === 'tcp' && url.startsWith('http:') && url.endsWith(`:${address.port}`);
}
