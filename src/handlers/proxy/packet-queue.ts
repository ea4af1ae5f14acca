/**
 * Packets of a request body for a server that asks for each of them but the first (AJP). Between its questions the
 * server is the one to act.
 */
import type { Bytes } from '../../exchange.ts';
import type { UpstreamConnection } from '../../upstreams/connection.ts';

export class PacketQueue {
  readonly #connection: UpstreamConnection;
  #packets: Bytes[] = [];
  /** Packets that the server waits for. */
  #wanted = 1;
  /** What says that there are no more, as often as the server asks; null while there may be. */
  #end: Bytes | null = null;

  constructor(connection: UpstreamConnection) {
    this.#connection = connection;
  }

  /** There is room for the next one. */
  get isWanted(): boolean {
    return this.#wanted > 0;
  }

  /** False: hold the next ones until `wanted` says so. */
  add(packets: readonly Bytes[]): boolean {
    this.#packets.push(...packets);
    this.#flush();
    return this.isWanted;
  }

  end(end: Bytes): void {
    this.#end = end;
    // A body of no bytes has no packets: it is over with the head.
    if (end.length === 0) this.#connection.finish();
    else this.#flush();
  }

  /** The server has asked for one more. True: it is not there yet. */
  wanted(): boolean {
    this.#wanted++;
    this.#flush();
    return this.isWanted && this.#end === null;
  }

  #flush(): void {
    while (this.#wanted > 0) {
      const next = this.#packets.shift() ?? this.#end;
      if (next === null) return;
      this.#wanted--;
      this.#connection.write(next);
      this.#connection.finish();
    }
  }
}
