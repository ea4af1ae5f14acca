/**
 * A request body that is read while it arrives: nothing of it is taken from the client before somebody asks for it, so
 * the client's pace and the reader's are one. A reader that needs the whole body first has it collected.
 */
import type { SpoolLimits } from '../base/spool.ts';
import { BodyError } from '../body-error.ts';
import type { BodyStream, FieldList, RequestBody } from '../exchange.ts';
import { CollectedBody } from './collected-body.ts';

type ReadCallback = (error: Error | null, chunk: Uint8Array | null) => void;

/** Where the bytes come from. */
export interface BodySource {
  /**
   * Somebody waits for the next bytes: `push`, `end` or `fail` is to follow, within the call or later. While it pushes in
   * a loop this is called again, and must return at once: the loop goes on as long as `isWanted`.
   */
  wanted(): void;
}

export class StreamedBody implements RequestBody, BodyStream {
  readonly #source: BodySource;
  readonly #spool: SpoolLimits;
  readonly #declared: number;
  /** Bytes that nobody has asked for yet. */
  #ahead: Uint8Array[] = [];
  #reader: ReadCallback | null = null;
  /** While it is collected, and after that. */
  #collecting: CollectedBody | null = null;
  #collected: CollectedBody | null = null;
  #received = 0;
  #isEnded = false;
  #error: Error | null = null;
  #waitingSince = 0;
  #waitedMs = 0;
  limit: number;
  isAwaited = false;
  trailers: FieldList | null = null;

  /** `size`: as the client has declared it, -1 when it has not. `limit`: largest size, 0 for none. */
  constructor(source: BodySource, size: number, limit: number, spool: SpoolLimits) {
    this.#source = source;
    this.#declared = size;
    this.limit = limit;
    this.#spool = spool;
  }

  // RequestBody

  get size(): number {
    return this.#collected?.size ?? this.#declared;
  }

  get inMemory(): Uint8Array | null {
    return this.#collected?.inMemory ?? null;
  }

  get stream(): this | undefined {
    return this.#collected === null ? this : undefined;
  }

  read(callback: ReadCallback): void {
    if (this.#collected !== null) return this.#collected.read(callback);
    if (this.limit > 0 && this.#declared > this.limit) this.#error ??= tooLarge();
    if (this.#error !== null) return callback(this.#error, null);
    const next = this.#ahead.shift();
    if (next !== undefined) return callback(null, next);
    if (this.#isEnded) return callback(null, null);
    this.#reader = callback;
    this.isAwaited = false;
    this.#source.wanted();
  }

  discard(): void {
    this.#collecting?.discard();
    this.#ahead = [];
    this.#reader = null;
    this.#isEnded = true;
  }

  // BodyStream

  collect(done: (error: Error | null) => void): void {
    const collected = new CollectedBody(this.#spool);
    this.#collecting = collected;
    const next = () => this.read(take);
    const take: ReadCallback = (error, chunk) => {
      if (error !== null) {
        collected.discard();
        return done(error);
      }
      if (chunk === null) {
        collected.complete();
        this.#collected = collected;
        return done(null);
      }
      if (collected.add(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length), next)) next();
    };
    next();
  }

  // What the source says

  get isWanted(): boolean {
    return this.#reader !== null;
  }

  /** False: hold the next bytes until `wanted`. */
  push(chunk: Uint8Array): boolean {
    this.#received += chunk.length;
    this.#waited(performance.now());
    if (this.limit > 0 && this.#received > this.limit) {
      this.fail(tooLarge());
    } else if (this.#reader === null) {
      if (!this.#isEnded) this.#ahead.push(chunk);
    } else this.#answer(null, chunk);
    return this.#reader !== null;
  }

  end(trailers: FieldList | null): void {
    this.trailers = trailers;
    this.#isEnded = true;
    if (this.#reader !== null) this.#answer(null, null);
  }

  fail(error: Error): void {
    this.#error = error;
    if (this.#reader !== null) this.#answer(error, null);
  }

  get hasFailed(): boolean {
    return this.#error !== null;
  }

  // Time that the reader has waited for the client

  waits(now: number): void {
    if (this.#waitingSince === 0) this.#waitingSince = now;
  }

  /** Of all the time: against a minimum rate. */
  waitedMs(now: number): number {
    return this.#waitedMs + (this.#waitingSince === 0 ? 0 : now - this.#waitingSince);
  }

  get received(): number {
    return this.#received;
  }

  #waited(now: number): void {
    this.#waitedMs = this.waitedMs(now);
    this.#waitingSince = 0;
  }

  #answer(error: Error | null, chunk: Uint8Array | null): void {
    const reader = this.#reader!;
    this.#reader = null;
    reader(error, chunk);
  }
}

function tooLarge(): BodyError {
  return new BodyError(413, 'the request body is larger than limit-request-body');
}
