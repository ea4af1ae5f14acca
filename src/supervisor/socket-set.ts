/**
 * The listening sockets over the life of the server. A reload may ask for others: what is there is kept, what is new is
 * opened, and what nobody wants any more is closed when the reload has succeeded, or the new ones when it has not.
 */
import type { ListenAddress } from '../config/configuration.ts';
import { type ListeningSocket, openListeningSockets } from './listening-sockets.ts';

export class SocketSet {
  /** By address as configured: a name may stand for several sockets. */
  readonly #open = new Map<string, readonly ListeningSocket[]>();

  /** All or none. Throws StartupError. */
  async open(addresses: readonly ListenAddress[]): Promise<readonly ListeningSocket[]> {
    const before = [...this.#open.keys()];
    try {
      for (const address of addresses) {
        const key = keyOf(address);
        if (!this.#open.has(key)) this.#open.set(key, await openListeningSockets([address]));
      }
    } catch (error) {
      this.#keep(before);
      throw error;
    }
    return addresses.flatMap((address) => this.#open.get(keyOf(address))!);
  }

  keepOnly(addresses: readonly ListenAddress[]): void {
    this.#keep(addresses.map(keyOf));
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
