/**
 * Frames from a worker, read. Sans-I/O: `push` bytes, then call `next` until it says false.
 *
 * Payloads of `data` frames are handed on in whatever pieces they come; all others are collected whole, up to a
 * limit. A worker is not trusted: what breaks a rule sets `violation`, after which nothing follows.
 */
import { FRAME_HEADER_BYTES, Kind } from './frames.ts';

const EMPTY = Buffer.alloc(0);

export class FrameDecoder {
  readonly #wholeMax: number;
  buffer: Buffer = EMPTY;
  #at = 0;
  /** Bytes of the present data frame still to come. */
  #dataLeft = 0;

  kind = 0;
  id = 0;
  /** The payload, or the piece of it, is buffer[start, end). Valid until the next `push`. */
  start = 0;
  end = 0;
  violation: string | null = null;

  /** `wholeMax`: bytes that the payload of a frame other than `data` may have. */
  constructor(wholeMax: number) {
    this.#wholeMax = wholeMax;
  }

  push(chunk: Buffer): void {
    this.buffer =
      this.#at === this.buffer.length ? chunk : Buffer.concat([this.buffer.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  next(): boolean {
    if (this.violation !== null) return false;
    while (this.#dataLeft === 0) {
      const at = this.#at;
      const payload = at + FRAME_HEADER_BYTES;
      if (payload > this.buffer.length) return false;
      const length = this.buffer.readUInt32LE(at);
      this.id = this.buffer.readUInt32LE(at + 4);
      this.kind = this.buffer[at + 8]!;
      if (this.kind !== Kind.data) return this.#nextWhole(payload, length);
      // A data frame without data is passed over.
      this.#at = payload;
      this.#dataLeft = length;
    }
    return this.#nextPiece();
  }

  #nextWhole(payload: number, length: number): boolean {
    if (length > this.#wholeMax) {
      this.violation = `frame of ${length} bytes; at most ${this.#wholeMax} are allowed`;
      return false;
    }
    if (payload + length > this.buffer.length) return false;
    this.start = payload;
    this.end = payload + length;
    this.#at = this.end;
    return true;
  }

  #nextPiece(): boolean {
    const take = Math.min(this.#dataLeft, this.buffer.length - this.#at);
    if (take === 0) return false;
    this.start = this.#at;
    this.end = this.#at + take;
    this.#at = this.end;
    this.#dataLeft -= take;
    return true;
  }
}
