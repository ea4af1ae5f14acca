/**
 * Where the gateway writes its lines of the error log: its standard error, which the supervisor has chosen, until the file
 * was renamed; then the one that now has its name. Not `process.stderr`: it would make a pipe that workers write to
 * non-blocking.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { isJournal, withPriority } from '../telemetry/journal.ts';
import type { LogLevel } from '../telemetry/log.ts';

const STANDARD_ERROR = 2;

export class ErrorOutput {
  #fd = STANDARD_ERROR;
  readonly #isJournal = isJournal(STANDARD_ERROR, process.env);

  write(line: string, level: LogLevel): void {
    try {
      writeSync(this.#fd, this.#isJournal ? withPriority(line, level) : line);
    } catch {
      // There is nobody left to tell.
    }
  }

  /** Throws when it cannot be opened; then the old one goes on. */
  reopen(path: string): void {
    const fd = openSync(path, 'a', 0o640);
    if (this.#fd !== STANDARD_ERROR) closeSync(this.#fd);
    this.#fd = fd;
  }
}
