/**
 * Passes the answer of a server on to the client. With buffering the server is rid of it as fast as it can send, whatever
 * the client's pace: what the client does not take yet waits in memory, then in a file.
 */
import { Spool, type SpoolLimits } from '../../base/spool.ts';
import type { Exchange, FieldList } from '../../exchange.ts';
import type { UpstreamConnection } from '../../upstreams/connection.ts';

/** Pieces up to this size go to the client as latin-1 text, which is written fastest. */
const TEXT_MAX = 16_384;

export class ResponseSender {
  readonly #exchange: Exchange;
  /** Null: the server waits for the client. */
  readonly #limits: SpoolLimits | null;
  readonly #onError: (error: Error) => void;
  #connection: UpstreamConnection | null;
  #spool: Spool | null = null;
  #trailers: FieldList | undefined;

  /** The head has been sent. */
  constructor(
    exchange: Exchange,
    connection: UpstreamConnection,
    limits: SpoolLimits | null,
    onError: (error: Error) => void,
  ) {
    this.#exchange = exchange;
    this.#connection = connection;
    this.#limits = limits;
    this.#onError = onError;
    exchange.onDrain = () => this.#onDrain();
  }

  /** `chunk` is only valid during the call. */
  data(chunk: Buffer): void {
    if (this.#spool !== null) {
      if (!this.#spool.write(Buffer.from(chunk))) this.#connection?.pause();
      return;
    }
    const bytes = chunk.length <= TEXT_MAX ? chunk.latin1Slice() : Buffer.from(chunk);
    if (this.#exchange.write(bytes)) return;
    if (this.#limits === null) this.#connection?.pause();
    else this.#beginSpool(this.#limits);
  }

  end(trailers: FieldList | undefined): void {
    this.#connection = null;
    if (this.#spool === null) return this.#exchange.end(trailers);
    this.#trailers = trailers;
    this.#spool.end();
  }

  /** Nothing more is to be sent. */
  discard(): void {
    this.#connection = null;
    this.#spool?.discard();
  }

  #onDrain(): void {
    if (this.#spool === null) this.#connection?.resume();
    else this.#sendSpooled(this.#spool);
  }

  #beginSpool(limits: SpoolLimits): void {
    this.#spool = new Spool(limits);
    this.#spool.onDrain = () => this.#connection?.resume();
  }

  #isReading = false;

  #sendSpooled(spool: Spool): void {
    if (this.#isReading) return;
    this.#isReading = true;
    spool.read((error, chunk) => {
      this.#isReading = false;
      if (error !== null) return this.#onError(error);
      if (chunk === null) {
        spool.discard();
        return this.#exchange.end(this.#trailers);
      }
      if (this.#exchange.write(chunk)) this.#sendSpooled(spool);
    });
  }
}
