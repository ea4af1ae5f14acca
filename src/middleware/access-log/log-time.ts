/** Times for log lines: strftime patterns compiled once, and formatted once a second. Local time, as Apache logs it. */

export type FormatTime = (timeMs: number) => string;

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = [
  ...['January', 'February', 'March', 'April', 'May', 'June', 'July'],
  ...['August', 'September', 'October', 'November', 'December'],
];

const zeros = (value: number, digits = 2) => String(value).padStart(digits, '0');
const spaces = (value: number) => String(value).padStart(2, ' ');
const twelve = (date: Date) => date.getHours() % 12 || 12;

function zone(date: Date): string {
  const minutes = -date.getTimezoneOffset();
  const offset = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${zeros(Math.floor(offset / 60))}${zeros(offset % 60)}`;
}

function dayOfYear(date: Date): number {
  const day = Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((day - Date.UTC(date.getFullYear(), 0, 1)) / 86_400_000) + 1;
}

const zoneName = (date: Date) =>
  new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(date)
    .find((p) => p.type === 'timeZoneName')!.value;

/** POSIX strftime in the C locale, without the codes for week numbers. */
const CODES: Readonly<Record<string, string | ((date: Date) => string)>> = {
  a: (d) => DAYS[d.getDay()]!.slice(0, 3),
  A: (d) => DAYS[d.getDay()]!,
  b: (d) => MONTHS[d.getMonth()]!.slice(0, 3),
  B: (d) => MONTHS[d.getMonth()]!,
  c: '%a %b %e %H:%M:%S %Y',
  C: (d) => zeros(Math.floor(d.getFullYear() / 100)),
  d: (d) => zeros(d.getDate()),
  D: '%m/%d/%y',
  e: (d) => spaces(d.getDate()),
  F: '%Y-%m-%d',
  h: '%b',
  H: (d) => zeros(d.getHours()),
  I: (d) => zeros(twelve(d)),
  j: (d) => zeros(dayOfYear(d), 3),
  k: (d) => spaces(d.getHours()),
  l: (d) => spaces(twelve(d)),
  m: (d) => zeros(d.getMonth() + 1),
  M: (d) => zeros(d.getMinutes()),
  n: () => '\n',
  p: (d) => (d.getHours() < 12 ? 'AM' : 'PM'),
  P: (d) => (d.getHours() < 12 ? 'am' : 'pm'),
  r: '%I:%M:%S %p',
  R: '%H:%M',
  s: (d) => String(Math.floor(d.getTime() / 1000)),
  S: (d) => zeros(d.getSeconds()),
  t: () => '\t',
  T: '%H:%M:%S',
  u: (d) => String(d.getDay() || 7),
  w: (d) => String(d.getDay()),
  x: '%m/%d/%y',
  X: '%H:%M:%S',
  y: (d) => zeros(d.getFullYear() % 100),
  Y: (d) => String(d.getFullYear()),
  z: zone,
  Z: zoneName,
  '%': () => '%',
};

export class TimeFormatError extends Error {}

/** Throws TimeFormatError for a code that is not known. */
export function compileStrftime(pattern: string): FormatTime {
  const format = compile(pattern);
  let second = Number.NaN;
  let text = '';
  return (timeMs) => {
    const now = Math.floor(timeMs / 1000);
    if (now !== second) {
      second = now;
      text = format(new Date(now * 1000));
    }
    return text;
  };
}

function compile(pattern: string): (date: Date) => string {
  const pieces = [...pattern.matchAll(/%([\s\S]?)|[^%]+/g)].map(([literal, code]) => {
    if (code === undefined) return () => literal;
    const meaning = Object.hasOwn(CODES, code) ? CODES[code]! : null;
    if (meaning === null) {
      const allowed = Object.keys(CODES).map((known) => `%${known}`);
      throw new TimeFormatError(`unknown time code "%${code}"; allowed are ${allowed.join(' ')}`);
    }
    return typeof meaning === 'string' ? compile(meaning) : meaning;
  });
  return (date) => pieces.map((piece) => piece(date)).join('');
}

const FRACTIONS: Readonly<Record<string, FormatTime>> = {
  sec: (timeMs) => String(Math.floor(timeMs / 1000)),
  msec: (timeMs) => String(Math.floor(timeMs)),
  usec: (timeMs) => String(Math.floor(timeMs * 1000)),
  msec_frac: (timeMs) => zeros(Math.floor(timeMs) % 1000, 3),
  usec_frac: (timeMs) => zeros(Math.floor(timeMs * 1000) % 1_000_000, 6),
};

/** What stands in the braces of `%{…}t`: one of Apache's words for a part of the time, or a strftime pattern. */
export function compileTime(pattern: string): FormatTime {
  return Object.hasOwn(FRACTIONS, pattern) ? FRACTIONS[pattern]! : compileStrftime(pattern);
}
