/**
 * The body of one answer on its way through an encoder: written in, compressed in Node's thread pool, and sent on at
 * the client's pace. A slow client holds up the encoder, and a full encoder the handler, so little is ever kept here.
 */
import type { Bytes, Exchange, FieldList } from '../../exchange.ts';
import type { Encoder } from './codings.ts';

export class EncoderPump {
  readonly #encoder: Encoder;
  readonly #flushKind: number;
  #isFlushPlanned = false;
  #isOver = false;
  #trailers: FieldList | undefined;
  /** Room again after `write` returned false. */
  onDrain: (() => void) | null = null;

  /** Takes over `onDrain` of the exchange, which has been started. */
  constructor(exchange: Exchange, encoder: Encoder, flushKind: number) {
    this.#encoder = encoder;
    this.#flushKind = flushKind;
    exchange.onDrain = () => encoder.resume();
    encoder.on('data', (chunk: Buffer) => {
      if (!exchange.write(chunk)) encoder.pause();
    });
    encoder.on('drain', () => this.onDrain?.());
    encoder.on('end', () => {
      if (!this.#isOver) exchange.end(this.#trailers);
    });
    encoder.on('error', (error) => {
      if (!this.#isOver) exchange.abort(500, `The answer could not be compressed: ${error.message}.`);
    });
  }

  write(chunk: Bytes): boolean {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, 'latin1') : chunk;
    return this.#encoder.write(bytes, this.#taken);
  }

  end(trailers?: FieldList): void {
    this.#trailers = trailers;
    this.#encoder.end();
  }

  /** Nobody wants the rest. */
  cancel(): void {
    this.#isOver = true;
    this.#encoder.destroy();
  }

  /**
   * A chunk has been compressed. If no other one has come when the event loop has been round, the handler is waiting for
   * something, and the client gets all that there is: an event of a stream of events must not wait for the next one.
   */
  readonly #taken = (): void => {
    if (this.#isFlushPlanned || this.#isOver || this.#encoder.writableLength > 0) return;
    this.#isFlushPlanned = true;
    setImmediate(() => {
      this.#isFlushPlanned = false;
      const isIdle = this.#encoder.writableLength === 0 && !this.#encoder.writableEnded;
      if (isIdle && !this.#isOver) this.#encoder.flush(this.#flushKind);
    });
  };
}
