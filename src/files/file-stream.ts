/**
 * Sends parts of a file at the client's pace: straight from the file as far as the socket takes it, then, or where that
 * cannot be, a block that is read when the last one has been taken. So a slow client holds one block here and no
 * more. The file is released once, however the exchange ends.
 */
import { read } from 'node:fs';
import { readNow } from '../base/sendfile.ts';
import type { Bytes, Exchange } from '../exchange.ts';
import type { OpenFile } from './open-file.ts';
import type { Part } from './ranges.ts';

const BLOCK_BYTES = 256 * 1024;
/** What waits in our memory for room in a full socket; it is there to learn of the room. */
const WAITING_BYTES = 2048;
/** What is offered to the socket at a time: about what a full one has room for when it says that it has some again. */
const OFFER_BYTES = 2 * 1024 * 1024;
/** What is sent straight from the file before others have their turn. */
const TURN_BYTES_MAX = 4 * 1024 * 1024;

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
  /** Sent straight from the file, in this turn and at all. */
  #turnBytes = 0;
  #isDirect = false;

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
    } else if (!this.#sendDirectly(part.start + this.#offset, part.end)) {
      this.#read(part.start + this.#offset, part.end);
    }
  }

  /** False: its bytes have to be read. */
  #sendDirectly(position: number, end: number): boolean {
    const last = Math.min(end, position + OFFER_BYTES);
    if (this.#exchange.sendsFiles !== true || !this.#file.isCached(position, last)) return false;
    if (this.#turnBytes >= TURN_BYTES_MAX) {
      this.#yield();
      return true;
    }
    const sent = this.#exchange.sendFile!(this.#file.fd, position, last);
    this.#offset += sent;
    this.#turnBytes += sent;
    this.#isDirect ||= sent > 0;
    if (position + sent === last) return true;
    return this.#isDirect && this.#waitForRoom(position + sent, end);
  }

  /** All others have their turn. */
  #yield(): void {
    this.#turnBytes = 0;
    this.#blocked = true;
    setImmediate(() => {
      this.#blocked = false;
      this.pump();
    });
  }

  /** Only a write tells of room. False: it is not the socket that has none, but the file is not in memory. */
  #waitForRoom(position: number, end: number): boolean {
    const block = Buffer.allocUnsafe(Math.min(WAITING_BYTES, end - position));
    const bytesNow = readNow(this.#file.fd, block, position);
    if (bytesNow === 0) return false;
    this.#turnBytes = 0;
    this.#offset += bytesNow;
    this.#blocked = true;
    this.#exchange.writeAndWait!(block.subarray(0, bytesNow));
    return true;
  }

  #read(position: number, end: number): void {
    // A new block each time: the socket may still hold the last one.
    const block = Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, end - position));
    this.#turnBytes = 0;
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
