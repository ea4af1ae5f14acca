/**
 * A first-in first-out store of bytes for a slow reader: in memory up to a limit, then in a temporary file.
 * Holds request bodies while they arrive and responses while their client takes them.
 */
import fs from 'node:fs';
import path from 'node:path';

export interface SpoolLimits {
  /** Bytes kept in memory. */
  readonly memoryMax: number;
  /** How long the file may become; then it is read to its end before it is used again. 0: no file. */
  readonly fileMax: number;
  /** Where the file is made; it has no name once it is open. */
  readonly directory: string;
}

type ReadCallback = (error: Error | null, chunk: Uint8Array | null) => void;

const READ_BYTES = 262_144;
/** Chunks of at least this size are not worth a copy. */
const JOIN_BELOW = 16_384;
/** Bytes on their way to the file before the writer is asked to wait. */
const UNWRITTEN_MAX = 1_048_576;

let filesMade = 0;

export class Spool {
  readonly #limits: SpoolLimits;
  #memory: Uint8Array[] = [];
  #memoryBytes = 0;
  #fd: number | null = null;
  /** Chunks that wait for the file, in order; the first may be in the middle of being written. */
  #unwritten: Uint8Array[] = [];
  #unwrittenBytes = 0;
  #writing = false;
  /** File operations under way: the descriptor is not closed under them. */
  #operations = 0;
  #readAt = 0;
  #writeAt = 0;
  #ended = false;
  #discarded = false;
  #error: Error | null = null;
  #reader: ReadCallback | null = null;

  /** Room again after `write` returned false. */
  onDrain: (() => void) | null = null;

  constructor(limits: SpoolLimits) {
    this.#limits = limits;
  }

  /** Bytes that have not been read. */
  get size(): number {
    return this.#memoryBytes + this.#unwrittenBytes + this.#writeAt - this.#readAt;
  }

  /** Everything, when it is all in memory; null when a file is in use. */
  get inMemory(): Uint8Array | null {
    if (this.#fileInUse || this.#error !== null) return null;
    if (this.#memory.length !== 1) this.#memory = [Buffer.concat(this.#memory)];
    return this.#memory[0]!;
  }

  /**
   * Takes a chunk in any case. False: the limits are reached, hold the next one until `onDrain`. After a failure
   * chunks are thrown away: the reader gets the error in their place.
   */
  write(chunk: Uint8Array): boolean {
    if (this.#discarded || this.#error !== null) return true;
    const fits = this.#memoryBytes + chunk.length <= this.#limits.memoryMax;
    if (!this.#fileInUse && (fits || this.#limits.fileMax === 0)) {
      this.#memory.push(chunk);
      this.#memoryBytes += chunk.length;
    } else {
      this.#unwritten.push(chunk);
      this.#unwrittenBytes += chunk.length;
      this.#writeNext();
    }
    this.#serve();
    return this.#hasRoom;
  }

  /** No more chunks will come. */
  end(): void {
    this.#ended = true;
    this.#serve();
  }

  /** The next chunk, or null at the end (also of what was discarded); waits for one. One call at a time. */
  read(callback: ReadCallback): void {
    if (this.#discarded) return callback(null, null);
    this.#reader = callback;
    this.#serve();
  }

  /** Gives everything back; a waiting reader is not called any more. Safe to call twice. */
  discard(): void {
    this.#discarded = true;
    this.#memory = [];
    this.#memoryBytes = 0;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    this.#readAt = this.#writeAt = 0;
    this.#reader = null;
    this.onDrain = null;
    this.#closeIfIdle();
  }

  get #fileInUse(): boolean {
    return this.#unwritten.length > 0 || this.#readAt < this.#writeAt;
  }

  get #hasRoom(): boolean {
    if (this.#limits.fileMax === 0) return this.#memoryBytes < this.#limits.memoryMax;
    return this.#unwrittenBytes < UNWRITTEN_MAX && this.#writeAt < this.#limits.fileMax;
  }

  #serve(): void {
    const reader = this.#reader;
    if (reader === null) return;
    if (this.#memoryBytes > 0) {
      this.#answer(reader, null, this.#takeMemory());
    } else if (this.#error !== null) {
      this.#answer(reader, this.#error, null);
    } else if (this.#readAt < this.#writeAt) {
      this.#readFile(reader);
    } else if (this.#ended && !this.#fileInUse) {
      this.#answer(reader, null, null);
    }
  }

  /** Small chunks are joined: what a client sent byte by byte is not handled byte by byte. */
  #takeMemory(): Uint8Array {
    let bytes = 0;
    let count = 0;
    while (
      count < this.#memory.length &&
      bytes < JOIN_BELOW &&
      (count === 0 || bytes + this.#memory[count]!.length <= READ_BYTES)
    ) {
      bytes += this.#memory[count++]!.length;
    }
    const taken = this.#memory.splice(0, count);
    this.#memoryBytes -= bytes;
    return count === 1 ? taken[0]! : Buffer.concat(taken, bytes);
  }

  #answer(reader: ReadCallback, error: Error | null, chunk: Uint8Array | null): void {
    this.#reader = null;
    reader(error, chunk);
    if (this.#hasRoom) this.onDrain?.();
  }

  #readFile(reader: ReadCallback): void {
    this.#reader = null;
    const length = Math.min(READ_BYTES, this.#writeAt - this.#readAt);
    this.#operations++;
    fs.read(this.#fd!, Buffer.allocUnsafe(length), 0, length, this.#readAt, (error, count, chunk) => {
      if (this.#operationDone()) return;
      this.#readAt += count;
      // Empty again: the file is used from its beginning, so that it does not grow for ever.
      if (this.#readAt === this.#writeAt && !this.#writing) this.#readAt = this.#writeAt = 0;
      const failure = error ?? (count === 0 ? new Error('temporary file was truncated') : null);
      this.#answer(reader, failure, failure === null ? chunk.subarray(0, count) : null);
    });
  }

  #writeNext(): void {
    if (this.#writing || this.#unwritten.length === 0) return;
    this.#writing = true;
    if (this.#fd === null) this.#open();
    else this.#writeFirst(0);
  }

  #writeFirst(from: number): void {
    const chunk = this.#unwritten[0]!;
    this.#operations++;
    fs.write(this.#fd!, chunk, from, chunk.length - from, this.#writeAt, (error, count) => {
      if (this.#operationDone()) return;
      if (error !== null) return this.#fail(error);
      this.#writeAt += count;
      this.#unwrittenBytes -= count;
      if (from + count < chunk.length) return this.#writeFirst(from + count);
      this.#unwritten.shift();
      this.#writing = false;
      this.#writeNext();
      this.#serve();
      if (this.#hasRoom) this.onDrain?.();
    });
  }

  #open(): void {
    const name = path.join(this.#limits.directory, `spool-${process.pid}-${++filesMade}`);
    this.#operations++;
    fs.open(name, 'wx+', 0o600, (error, fd) => {
      if (error === null) {
        this.#fd = fd;
        fs.unlink(name, () => {});
      }
      if (this.#operationDone()) return;
      if (error !== null) return this.#fail(error);
      this.#writeFirst(0);
    });
  }

  #fail(error: Error): void {
    this.#writing = false;
    this.#error = error;
    this.#unwritten = [];
    this.#unwrittenBytes = 0;
    this.#serve();
    this.onDrain?.();
  }

  /** True when everything was given back in the meantime; the last operation closes the file. */
  #operationDone(): boolean {
    this.#operations--;
    if (!this.#discarded) return false;
    this.#closeIfIdle();
    return true;
  }

  #closeIfIdle(): void {
    if (this.#operations > 0 || this.#fd === null) return;
    fs.close(this.#fd, () => {});
    this.#fd = null;
  }
}
