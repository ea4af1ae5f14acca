/** Sends the body of a request to an upstream server at the pace of both, and knows whether it could be sent again. */
import type { FieldList, RequestBody } from '../../exchange.ts';
import type { UpstreamConnection } from '../../upstreams/connection.ts';

/** Bodies up to this size travel with the head, in one write. */
const JOIN_MAX = 16_384;

export class BodySender {
  readonly #body: RequestBody | null;
  #connection: UpstreamConnection | null = null;
  #isChunked = false;
  #hasRead = false;
  #isReading = false;
  /** The client has broken off, or sends what cannot be passed on. */
  readonly #onError: (error: Error) => void;

  constructor(body: RequestBody | null, onError: (error: Error) => void) {
    this.#body = body;
    this.#onError = onError;
  }

  /** Bytes, -1 for a chunked body, null for none. */
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

  /** The server waits for it behind the head, which has been sent with `short`. */
  start(connection: UpstreamConnection): void {
    const body = this.#body;
    const whole = body?.inMemory ?? null;
    if (body === null || (whole !== null && whole.length <= JOIN_MAX)) return connection.finish();
    this.#connection = connection;
    if (whole !== null) {
      connection.write(whole);
      return this.#finish(null);
    }
    this.#isChunked = body.size === -1;
    this.#read();
  }

  /** The connection has room again. */
  goOn(): void {
    if (this.#connection !== null) this.#read();
  }

  /** The server has asked for the next packet. */
  wanted(): void {
    this.goOn();
  }

  /** The server is to get nothing more of it. */
  stop(): void {
    this.#connection = null;
  }

  #read(): void {
    if (this.#isReading) return;
    this.#isReading = true;
    this.#hasRead = true;
    this.#body!.read((error, chunk) => {
      this.#isReading = false;
      const connection = this.#connection;
      if (connection === null) return;
      if (error !== null) return this.#onError(error);
      if (chunk === null) return this.#finish(this.#body!.stream?.trailers ?? null);
      if (this.#send(connection, chunk)) this.#read();
    });
  }

  #send(connection: UpstreamConnection, chunk: Uint8Array): boolean {
    if (!this.#isChunked) return connection.write(chunk);
    if (chunk.length === 0) return true;
    connection.write(`${chunk.length.toString(16)}\r\n`);
    connection.write(chunk);
    return connection.write('\r\n');
  }

  #finish(trailers: FieldList | null): void {
    const connection = this.#connection!;
    this.#connection = null;
    if (this.#isChunked) {
      let lines = '';
      for (let i = 0; i < (trailers?.length ?? 0); i += 2)
        lines += `${trailers![i]}: ${trailers![i + 1]}\r\n`;
      connection.write(`0\r\n${lines}\r\n`);
    }
    connection.finish();
  }
}
