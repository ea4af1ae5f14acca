/**
 * Where the error log goes: the terminal (standard error) or `error_log` in the log directory. Children inherit the
 * descriptor as their standard output and error, so what an application prints lands in the same place.
 */
import { closeSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isJournal, withPriority } from '../../telemetry/journal.ts';
import type { LogLevel } from '../../telemetry/log.ts';
import { errorCode, reasonOf, StartupError } from '../startup-error.ts';
import { openLogFile } from './log-file.ts';
import type { Identity } from './privileges.ts';

const STANDARD_OUTPUT = 1;
const STANDARD_ERROR = 2;
/** A reader that does not empty its pipe must not stop the server: this often we try again, then the line is lost. */
const ATTEMPTS_MAX = 100;

export class ErrorLog {
  readonly #path: string | null;
  readonly #owner: Identity | null;
  #fd: number;
  readonly #isJournal: boolean;

  /** `owner`: who the file is given to; null: it is ours. */
  constructor(directory: string | null, owner: Identity | null) {
    this.#owner = owner;
    this.#path = directory === null ? null : join(directory, 'error_log');
    try {
      this.#fd = this.#path === null ? STANDARD_ERROR : openLogFile(this.#path, owner);
    } catch (error) {
      throw new StartupError(`cannot open the error log ${this.#path}: ${reasonOf(error)}`);
    }
    this.#isJournal = isJournal(this.#fd, process.env);
  }

  /** For the standard output of a gateway, which prints its access log there when there is no log directory. */
  get outputFd(): number {
    return this.#path === null ? STANDARD_OUTPUT : this.#fd;
  }

  get fd(): number {
    return this.#fd;
  }

  /** Writes without a stream: a stream would make a pipe non-blocking for the children that share it. */
  write(line: string, level: LogLevel): void {
    writeWhole(this.#fd, Buffer.from(this.#isJournal ? withPriority(line, level) : line));
  }

  /** After a log was renamed. When the new one cannot be opened the old one goes on, and the error is thrown. */
  reopen(): void {
    if (this.#path === null) return;
    const fd = openLogFile(this.#path, this.#owner);
    closeSync(this.#fd);
    this.#fd = fd;
  }

  close(): void {
    if (this.#path !== null) closeSync(this.#fd);
  }
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  let written = 0;
  for (let attempt = 0; written < bytes.length && attempt < ATTEMPTS_MAX; attempt++) {
    try {
      written += writeSync(fd, bytes, written);
    } catch (error) {
      // A terminal that is gone or a full disk: nobody is left to tell.
      if (errorCode(error) !== 'EAGAIN') return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
