/**
 * A database file in MaxMind's format. It is looked at every now and then while it is asked, and read anew when it has
 * changed; one that cannot be read leaves the present one in use.
 */
import { readFile, readFileSync, type Stats, stat, statSync } from 'node:fs';
import { Reader, type Response } from 'mmdb-lib';
import type { Log } from '../../telemetry/log.ts';

const CHECK_MS = 10_000;
/** Addresses whose records are remembered: decoding one takes some microseconds. */
const REMEMBERED_MAX = 4_096;

export class Database<R> {
  readonly #file: string;
  readonly #log: Log;
  readonly #read: (record: unknown) => R;
  readonly #none: R;
  #reader: Reader<Response>;
  #stats: Stats;
  #checkedAt: number;
  readonly #remembered = new Map<string, R>();

  /** `read`: what is of interest in a record. Throws when the file cannot be read. */
  constructor(file: string, read: (record: unknown) => R, none: R, log: Log) {
    this.#file = file;
    this.#read = read;
    this.#none = none;
    this.#log = log;
    this.#stats = statSync(file);
    this.#reader = new Reader(readFileSync(file));
    this.#checkedAt = performance.now();
  }

  /** `address`: '' for a client of a Unix socket. */
  find(address: string): R {
    if (performance.now() - this.#checkedAt > CHECK_MS) this.check();
    const known = this.#remembered.get(address);
    if (known !== undefined) return known;
    const found = this.#look(address);
    if (this.#remembered.size >= REMEMBERED_MAX) this.#remembered.clear();
    this.#remembered.set(address, found);
    return found;
  }

  /** Reads the file anew if it has changed. `done` is for tests. */
  check(done: () => void = () => {}): void {
    this.#checkedAt = performance.now();
    stat(this.#file, (error, stats) => {
      if (error !== null) return this.#keep(error, done);
      if (stats.mtimeMs === this.#stats.mtimeMs && stats.ino === this.#stats.ino) return done();
      this.#stats = stats;
      readFile(this.#file, (readError, bytes) => {
        if (readError !== null) return this.#keep(readError, done);
        try {
          this.#reader = new Reader(bytes);
          this.#remembered.clear();
          this.#log.info('geoip-read', `${this.#file} has changed and was read`);
          done();
        } catch (mistake) {
          this.#keep(mistake as Error, done);
        }
      });
    });
  }

  #keep({ message }: Error, done: () => void): void {
    this.#log.warn('geoip-not-read', `${this.#file}: ${message}. What was read before stays in use`);
    done();
  }

  #look(address: string): R {
    if (address === '') return this.#none;
    try {
      const record = this.#reader.get(address);
      return record === null ? this.#none : this.#read(record);
    } catch (error) {
      this.#log.warn('geoip-not-read', `${this.#file}: ${address}: ${(error as Error).message}`);
      return this.#none;
    }
  }
}
