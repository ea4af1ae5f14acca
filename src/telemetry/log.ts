/**
 * The error log: one line a message, for a person at night. Every message has a stable code (kebab-case) that
 * docs/guide/messages.md explains; what varies stands behind it.
 *
 *   2026-11-21 02:47:42.123 [warn] [gateway 4711] worker-exited: worker 3 (pid 77) was killed by SIGKILL
 */

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

export interface Log {
  debug(code: string, message: string): void;
  info(code: string, message: string): void;
  warn(code: string, message: string): void;
  error(code: string, message: string): void;
}

const SEVERITY: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/**
 * `role` names the process: "gateway 4711". `level` is a function where it can change. `write` gets whole lines, newline
 * included.
 */
export function createLog(
  role: string,
  level: LogLevel | (() => LogLevel),
  write: (line: string) => void,
): Log {
  const levelNow = typeof level === 'function' ? level : () => level;
  const at = (severity: LogLevel) => (code: string, message: string) => {
    if (SEVERITY[severity] < SEVERITY[levelNow()]) return;
    write(`${timestamp(new Date())} [${severity}] [${role}] ${code}: ${oneLine(message)}\n`);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
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
