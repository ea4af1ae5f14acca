/** The journal of systemd: told how severe a line is by a number before it (sd-daemon(3)), it can be asked by severity. */
import { fstatSync } from 'node:fs';
import type { LogLevel } from './log.ts';

const PRIORITIES: Readonly<Record<LogLevel, number>> = { debug: 7, info: 6, warn: 4, error: 3 };

/** Is the descriptor the journal? systemd says so in JOURNAL_STREAM, by device and inode. */
export function isJournal(fd: number, { JOURNAL_STREAM: stream }: NodeJS.ProcessEnv): boolean {
  if (stream === undefined) return false;
  try {
    const { dev, ino } = fstatSync(fd, { bigint: true });
    return stream === `${dev}:${ino}`;
  } catch {
    return false;
  }
}

/** `lines`: whole ones, newline included. */
export function withPriority(lines: string, level: LogLevel): string {
  return lines.replace(/^(?=.)/gm, `<${PRIORITIES[level]}>`);
}
