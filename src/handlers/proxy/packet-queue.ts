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
  #wanted: number;
  /** What says that there are no more, as often as the server asks; null while there may be. */
  #end: Bytes | null = null;

  /** `hasBody`: the server waits for a first packet without asking. */
  constructor(connection: UpstreamConnection, hasBody: boolean) {
    this.#connection = connection;
    this.#wanted = hasBody ? 1 : 0;
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
    this.#flush();
    // A body of no bytes has no packets: it is over with the head.
    if (this.#wanted === 0) this.#connection.finish();
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
