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
  /** What was pushed and is not looked at yet. */
  #queued: Buffer | null = null;
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
    this.#queued = this.#queued === null ? chunk : Buffer.concat([this.#queued, chunk]);
  }

  next(): boolean {
    while (this.violation === null) {
      if (this.#nextInBuffer()) return true;
      if (this.violation !== null || !this.#refill()) return false;
    }
    return false;
  }

  #nextInBuffer(): boolean {
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

  /**
   * Goes on to the bytes that were pushed last. Of a frame that was cut only the missing part is copied to the rest of
   * it, not all that follows. False when there are none.
   */
  #refill(): boolean {
    const queued = this.#queued;
    if (queued === null || queued.length === 0) return false;
    const rest = this.buffer.subarray(this.#at);
    const missing = missingBytes(rest);
    this.#at = 0;
    if (rest.length === 0) {
      this.buffer = queued;
      this.#queued = null;
    } else {
      this.buffer = Buffer.concat([rest, queued.subarray(0, missing)]);
      this.#queued = missing < queued.length ? queued.subarray(missing) : null;
    }
    return true;
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

/** How many bytes are wanting to the header, or else to the whole of the frame that `rest` begins with. */
function missingBytes(rest: Buffer): number {
  if (rest.length < FRAME_HEADER_BYTES) return FRAME_HEADER_BYTES - rest.length;
  return FRAME_HEADER_BYTES + rest.readUInt32LE(0) - rest.length;
}
