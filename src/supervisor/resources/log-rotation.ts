/**
 * Log rotation: a log that has grown too large, or whose time is over, is renamed, and everybody is told to open a new one.
 * It is done here and not where lines are written, because several gateways can write one file while they change over.
 */
import { readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { LogRotationSettings } from '../../config/configuration.ts';
import type { Log } from '../../telemetry/log.ts';
import { type Cancel, type Clock, systemClock } from '../clock.ts';
import { reasonOf } from '../startup-error.ts';

const CHECK_MS = 1_000;

export interface RotatedLogs {
  /** Null: nothing is rotated. As they are now: a reload can change them. */
  readonly settings: () => LogRotationSettings | null;
  /** Paths of the files. */
  readonly files: () => readonly string[];
  /** They have been renamed. */
  readonly reopen: () => void;
  readonly log: Log;
}

export class LogRotation {
  readonly #logs: RotatedLogs;
  readonly #clock: Clock;
  readonly #date: () => Date;
  /** In which interval, counted from 1970, each file was looked at last. */
  readonly #intervals = new Map<string, number>();
  #cancel: Cancel = () => {};

  constructor(logs: RotatedLogs, clock = systemClock, date = () => new Date()) {
    this.#logs = logs;
    this.#clock = clock;
    this.#date = date;
  }

  start(): void {
    this.#cancel = this.#clock.after(CHECK_MS, () => {
      this.check();
      this.start();
    });
  }

  stop(): void {
    this.#cancel();
  }

  check(): void {
    const settings = this.#logs.settings();
    if (settings === null) return;
    const now = this.#date();
    const renamed = this.#logs
      .files()
      .filter((file) => this.#isDue(file, settings, now) && this.#rename(file, now));
    if (renamed.length === 0) return;
    this.#logs.reopen();
    for (const file of renamed) this.#removeOldest(file, settings.keep);
  }

  #isDue(file: string, { sizeMax, intervalMs }: LogRotationSettings, now: Date): boolean {
    const stats = statSync(file, { throwIfNoEntry: false });
    if (stats === undefined || !stats.isFile() || stats.size === 0) return false;
    if (sizeMax > 0 && stats.size >= sizeMax) return true;
    if (intervalMs === 0) return false;
    const interval = intervalOf(now, intervalMs);
    const before = this.#intervals.get(file) ?? intervalOf(stats.mtime, intervalMs);
    this.#intervals.set(file, interval);
    return before !== interval;
  }

  #rename(file: string, now: Date): boolean {
    const target = `${file}.${stamp(now)}`;
    try {
      // Two in one second: the next check is soon enough.
      if (statSync(target, { throwIfNoEntry: false }) !== undefined) return false;
      renameSync(file, target);
      return true;
    } catch (error) {
      this.#logs.log.error('log-not-rotated', `${file}: ${reasonOf(error)}`);
      return false;
    }
  }

  /** `keep`: 0 for all. */
  #removeOldest(file: string, keep: number): void {
    if (keep === 0) return;
    const directory = join(file, '..');
    const prefix = `${file.slice(directory.length + 1)}.`;
    try {
      const old = readdirSync(directory).filter(
        (name) => name.startsWith(prefix) && /^\d{8}-\d{6}$/.test(name.slice(prefix.length)),
      );
      for (const name of old.sort().slice(0, -keep)) rmSync(join(directory, name), { force: true });
    } catch (error) {
      this.#logs.log.error('log-not-rotated', `old logs in ${directory} stay: ${reasonOf(error)}`);
    }
  }
}

/** Intervals begin at midnight of local time, or divide the day from there. */
function intervalOf(date: Date, intervalMs: number): number {
  return Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / intervalMs);
}

/** Local time: 20261121-094500. */
function stamp(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}${two(date.getMonth() + 1)}${two(date.getDate())}`;
  return `${day}-${two(date.getHours())}${two(date.getMinutes())}${two(date.getSeconds())}`;
}
