/**
 * Sends parts of a file at the client's pace: a block is read when the last one has been taken, so a slow client holds
 * one block here and no more. The file is released once, however the exchange ends.
 */
import { read } from 'node:fs';
import type { Bytes, Exchange } from '../exchange.ts';
import type { OpenFile } from './open-file.ts';
import type { Part } from './ranges.ts';

const BLOCK_BYTES = 256 * 1024;

/** Takes over the exchange, whose head has been sent with the content-length of `parts`, and releases the file. */
export function streamFile(exchange: Exchange, file: OpenFile, parts: readonly Part[]): void {
  new FileStream(exchange, file, parts).pump();
}

class FileStream {
  readonly #exchange: Exchange;
  readonly #file: OpenFile;
  readonly #parts: readonly Part[];
  /** What is sent next: which part, and from where in it. */
  #part = 0;
  #offset = 0;
  /** Read, but not taken by the exchange yet. */
  #block: Bytes | null = null;
  #reading = false;
  #blocked = false;
  #over = false;

  constructor(exchange: Exchange, file: OpenFile, parts: readonly Part[]) {
    this.#exchange = exchange;
    this.#file = file;
    this.#parts = parts;
    exchange.onDrain = () => {
      this.#blocked = false;
      this.pump();
    };
    exchange.onGone = () => this.#finish();
  }

  pump(): void {
    while (!this.#over && !this.#reading && !this.#blocked) {
      if (this.#block === null) {
        this.#fetch();
      } else {
        const block = this.#block;
        this.#block = null;
        this.#blocked = !this.#exchange.write(block);
      }
    }
  }

  #fetch(): void {
    const part = this.#parts[this.#part];
    if (part === undefined) {
      this.#finish();
      this.#exchange.end();
    } else if (typeof part === 'string') {
      this.#part += 1;
      this.#block = part;
    } else if (part.start + this.#offset === part.end) {
      this.#part += 1;
      this.#offset = 0;
    } else {
      this.#read(part.start + this.#offset, part.end);
    }
  }

  #read(position: number, end: number): void {
    // A new block each time: the socket may still hold the last one.
    const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, end - position));
    this.#reading = true;
    read(this.#file.fd, block, 0, block.length, position, (error, bytesRead) => {
      this.#reading = false;
      if (this.#over) return this.#file.release();
      if (error !== null) return this.#giveUp(`reading the file failed: ${error.message}`);
      if (bytesRead === 0) return this.#giveUp('the file shrank while it was sent');
      this.#offset += bytesRead;
      this.#block = bytesRead === block.length ? block : block.subarray(0, bytesRead);
      this.pump();
    });
  }

  /** The client was promised a length that cannot be kept: cutting the connection is how it learns. */
  #giveUp(why: string): void {
    this.#finish();
    this.#exchange.abort(500, why);
  }

  #finish(): void {
    if (this.#over) return;
    this.#over = true;
    this.#block = null;
    this.#exchange.onDrain = null;
    this.#exchange.onGone = null;
    if (!this.#reading) this.#file.release();
  }
}
