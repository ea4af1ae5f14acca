/**
 * Where lines of a busy log go (the access log): appended to a file or an inherited descriptor, many in one write.
 *
 * Writing never holds up a request. Lines are collected for a moment and written off the event loop, one write at a
 * time. A full disk, a closed pipe or a reader that sleeps costs lines, which are counted and told, and nothing else.
 */
import { close, closeSync, constants, fstatSync, openSync, write } from 'node:fs';
import type { Log } from './log.ts';

/** An inherited descriptor (standard output) is never closed or reopened. */
export type LogDestination = { readonly path: string } | { readonly fd: number };

export interface LogWriter {
  /** Takes a whole line, newline included. */
  write(line: string): void;
  /** Opens the file by its name again, after it was renamed (log rotation). */
  reopen(): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

const FLUSH_CHARACTERS = 64 * 1024;
const FLUSH_AFTER_MS = 100;
const RETRY_AFTER_MS = 100;
/** How often a writer that is being closed asks a full pipe for room. */
const CLOSING_RETRIES_MAX = 10;
/** Beyond this the destination does not keep up, and new lines are dropped. */
const PENDING_CHARACTERS_MAX = 4 * 1024 * 1024;

/** Throws when the file cannot be opened. */
export function createLogWriter(destination: LogDestination, log: Log): LogWriter {
  return new LogFile(destination, log);
}

/** Whole lines on their way out, to the file that was open when they left. */
interface Block {
  readonly fd: number;
  readonly bytes: Buffer;
  written: number;
}

class LogFile implements LogWriter {
  readonly #log: Log;
  readonly #path: string | null;
  readonly #name: string;
  #fd: number;
  /** Ours to close. */
  #owned: number[] = [];
  #pending = '';
  #block: Block | null = null;
  #timer: NodeJS.Timeout | null = null;
  #lost = 0;
  /** The last line in the file is incomplete. */
  #torn = false;
  #closed: (() => void) | null = null;
  #closingRetries = 0;

  constructor(destination: LogDestination, log: Log) {
    this.#log = log;
    this.#path = 'path' in destination ? destination.path : null;
    this.#name = 'path' in destination ? destination.path : `descriptor ${destination.fd}`;
    this.#fd = 'path' in destination ? this.#open(destination.path) : this.#nonBlocking(destination.fd);
  }

  write(line: string): void {
    if (this.#closed !== null) return;
    if (this.#pending.length + line.length > PENDING_CHARACTERS_MAX) {
      this.#lose(1, 'it does not take lines as fast as they come');
      return;
    }
    this.#pending += line;
    if (this.#pending.length >= FLUSH_CHARACTERS) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), FLUSH_AFTER_MS).unref();
  }

  reopen(): void {
    if (this.#path === null) return;
    try {
      this.#fd = this.#open(this.#path);
    } catch (error) {
      this.#log.error('log-reopen-failed', `${(error as Error).message}; the open file goes on`);
      return;
    }
    if (this.#block === null) this.#closeOld();
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closed = resolve;
      if (this.#block === null) this.#next();
    });
  }

  #open(path: string): number {
    const fd = openSync(path, 'a', 0o640);
    this.#owned.push(fd);
    return fd;
  }

  /**
   * A pipe is opened anew, so that it can be non-blocking for us alone: a write that waits for a sleeping reader
   * would hold a thread of Node's pool, and with it the end of the process.
   */
  #nonBlocking(fd: number): number {
    try {
      if (!fstatSync(fd).isFIFO()) return fd;
      const ours = openSync(`/proc/self/fd/${fd}`, constants.O_WRONLY | constants.O_NONBLOCK);
      this.#owned.push(ours);
      return ours;
    } catch {
      return fd;
    }
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    if (this.#block !== null || this.#pending === '') return;
    const bytes = Buffer.from(this.#torn ? `\n${this.#pending}` : this.#pending);
    this.#pending = '';
    this.#block = { fd: this.#fd, bytes, written: 0 };
    this.#send(this.#block);
  }

  #send(block: Block): void {
    write(block.fd, block.bytes, block.written, null, null, (error, written) => {
      if (error === null) {
        block.written += written;
        if (block.written < block.bytes.length) this.#send(block);
        else this.#sent();
      } else if (error.code === 'EAGAIN' && this.#mayRetry()) {
        setTimeout(() => this.#send(block), RETRY_AFTER_MS);
      } else {
        this.#failed(block, error.message);
      }
    });
  }

  #mayRetry(): boolean {
    if (this.#closed !== null) this.#closingRetries += 1;
    return this.#closingRetries <= CLOSING_RETRIES_MAX;
  }

  #sent(): void {
    this.#torn = false;
    this.#tellLoss();
    this.#next();
  }

  #failed({ bytes, written }: Block, why: string): void {
    if (written > 0) this.#torn = bytes[written - 1] !== 0x0a;
    this.#lose(
      bytes.subarray(written).reduce((lines, byte) => (byte === 0x0a ? lines + 1 : lines), 0),
      why,
    );
    this.#next();
  }

  /** Said once for each outage: its end tells how many lines it cost. */
  #lose(lines: number, why: string): void {
    if (this.#lost === 0) this.#log.error('log-write-failed', `${this.#name}: ${why}; lines are being lost`);
    this.#lost += lines;
  }

  #tellLoss(): void {
    if (this.#lost > 0) this.#log.warn('log-lines-lost', `${this.#name}: ${this.#lost} lines were lost`);
    this.#lost = 0;
  }

  #next(): void {
    this.#block = null;
    this.#closeOld();
    if (this.#pending.length >= FLUSH_CHARACTERS || this.#closed !== null) this.#flush();
    if (this.#block === null && this.#closed !== null) this.#conclude(this.#closed);
  }

  #conclude(closed: () => void): void {
    this.#tellLoss();
    for (const fd of this.#owned) closeSync(fd);
    this.#owned = [];
    closed();
  }

  /** Files that were reopened. */
  #closeOld(): void {
    for (const fd of this.#owned) if (fd !== this.#fd) close(fd, () => {});
    this.#owned = this.#owned.filter((fd) => fd === this.#fd);
  }
}
