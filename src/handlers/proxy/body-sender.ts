/** Sends the body of a request to an upstream server at the pace of both, and knows whether it could be sent again. */
import type { Bytes, RequestBody } from '../../exchange.ts';
import type { UpstreamConnection } from '../../upstreams/connection.ts';
import type { BodyFraming } from './body-framing.ts';
import { PacketQueue } from './packet-queue.ts';

/** Bodies up to this size travel with the head, in one write. */
const JOIN_MAX = 16_384;

export class BodySender {
  readonly #body: RequestBody | null;
  #connection: UpstreamConnection | null = null;
  #framing: BodyFraming | null = null;
  /** Null: the server takes it as fast as it comes. */
  #packets: PacketQueue | null = null;
  #hasRead = false;
  #isReading = false;
  #readBytes = 0;
  /** The client has broken off, or sends what cannot be passed on. */
  readonly #onError: (error: Error) => void;

  constructor(body: RequestBody | null, onError: (error: Error) => void) {
    this.#body = body;
    this.#onError = onError;
  }

  /** Bytes, -1 where it is not known, null for none. */
  get size(): number | null {
    return this.#body?.size ?? null;
  }

  /** It comes from the client, or from a file, piece by piece. */
  get isLostWhenRead(): boolean {
    return this.#body !== null && this.#body.inMemory === null;
  }

  /** Nothing of it is lost yet. */
  get isRepeatable(): boolean {
    return !this.#hasRead;
  }

  /** What can go with the head: the whole body as latin-1, or ''. */
  get short(): string {
    const whole = this.#body?.inMemory ?? null;
    if (whole === null || whole.length > JOIN_MAX) return '';
    return Buffer.from(whole.buffer, whole.byteOffset, whole.length).latin1Slice();
  }

  /** It is there already, or `short`. */
  get isJoined(): boolean {
    const { inMemory } = this.#body ?? { inMemory: null };
    return this.#body === null || (inMemory !== null && inMemory.length <= JOIN_MAX);
  }

  /**
   * The server waits for it behind the head. `framing`: null when the head was sent with all of it. `isPaced`: the server
   * asks for each packet but the first.
   */
  start(connection: UpstreamConnection, framing: BodyFraming | null, isPaced = false): void {
    if (framing === null) return connection.finish();
    this.#connection = connection;
    this.#framing = framing;
    this.#packets = isPaced ? new PacketQueue(connection, (this.size ?? 0) > 0) : null;
    const body = this.#body;
    if (body !== null && body.inMemory === null) return this.#read();
    if (body !== null) this.#write(framing.body(body.inMemory!));
    this.#finish();
  }

  /** The connection has room again. */
  goOn(): void {
    if (this.#connection !== null && this.#packets?.isWanted !== false) this.#read();
  }

  /** The server has asked for the next packet. */
  wanted(): void {
    if (this.#packets?.wanted() === true) this.goOn();
  }

  /** The server is to get nothing more of it. */
  stop(): void {
    this.#connection = null;
    this.#packets = null;
  }

  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#hasRead = true;
    this.#body!.read((error, chunk) => {
      this.#isReading = false;
      if (this.#connection === null) return;
      if (error !== null) return this.#onError(error);
      if (chunk === null) return this.#finish();
      this.#readBytes += chunk.length;
      const hasRoom = this.#write(this.#framing!.body(chunk));
      // Nothing waits behind the last byte but the end: a server that paces us need not ask for it.
      if (hasRoom || this.#readBytes === this.size) this.#read();
    });
  }

  /** False: the rest has to wait. */
  #write(pieces: readonly Bytes[]): boolean {
    if (this.#packets !== null) return this.#packets.add(pieces);
    let hasRoom = true;
    for (const piece of pieces) hasRoom = this.#connection!.write(piece);
    return hasRoom;
  }

  #finish(): void {
    const connection = this.#connection!;
    this.#connection = null;
    const end = this.#framing!.end(this.#body?.stream?.trailers ?? null);
    if (this.#packets !== null) this.#packets.end(end);
    else {
      if (end.length > 0) connection.write(end);
      connection.finish();
    }
  }
}
