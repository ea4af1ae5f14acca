/**
 * The error log: one line a message, for a person at night. Every message has a stable code (kebab-case) that
 * docs/messages/ has a page about; what varies stands behind it.
 *
 *   2026-11-21 02:47:42.123 [warn] [gateway 4711] worker-exited: worker 3 (pid 77) was killed by SIGKILL
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface LogEntry {
  /** ISO 8601. */
  readonly at: string;
  readonly level: LogLevel;
  /** Which process says so: "gateway 4711". */
  readonly process: string;
  readonly code: string;
  readonly message: string;
}

export interface Log {
  debug(code: string, message: string): void;
  info(code: string, message: string): void;
  warn(code: string, message: string): void;
  error(code: string, message: string): void;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * `process` names the one that logs: "gateway 4711". `level` is a function where it can change. `write` gets whole lines,
 * newline included. `follow` gets what is of `info` and above, whatever `level` is: for those who follow what happens.
 */
export function createLog(
  process: string,
  level: LogLevel | (() => LogLevel),
  write: (line: string, level: LogLevel) => void,
  follow?: (entry: LogEntry) => void,
): Log {
  const levelNow = typeof level === 'function' ? level : () => level;
  const at = (severity: LogLevel) => (code: string, message: string) => {
    const isWritten = SEVERITY[severity] >= SEVERITY[levelNow()];
    const isFollowed = follow !== undefined && severity !== 'debug';
    if (!isWritten && !isFollowed) return;
    const entry = { at: new Date().toISOString(), level: severity, process, code, message };
    if (isWritten) write(formatEntry(entry), severity);
    if (isFollowed) follow(entry);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** The same log, each message with `prefix` before it. */
export function prefixed(log: Log, prefix: string): Log {
  const at = (severity: LogLevel) => (code: string, message: string) => log[severity](code, prefix + message);
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

export function formatEntry({ at, level, process, code, message }: LogEntry): string {
  return `${timestamp(new Date(at))} [${level}] [${process}] ${code}: ${oneLine(message)}\n`;
}

/** Local time, as people who read logs on the machine expect it. */
export function timestamp(date: Date): string {
  const two = (n: number) => String(n).padStart(2, '0');
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const time = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return `${day} ${time}.${String(date.getMilliseconds()).padStart(3, '0')}`;
}

/**
 * Text from clients must not forge lines or move the terminal's cursor. Line breaks of our own messages
 * (tracebacks) are kept and indented, so that a line that begins with a date is always a message of its own.
 */
function oneLine(message: string): string {
  return message
    .replace(/\n+$/, '')
    .replace(/[\0-\x09\x0b-\x1f\x7f-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replaceAll('\n', '\n    ');
}
