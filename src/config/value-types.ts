/**
 * The types a setting's value can have. Each one says what it accepts twice: as a zod schema, which validates and
 * from which the JSON Schema is generated, and as `allowed`, the words that end every message about a bad value.
 * Values stay in the user's units (seconds, bytes); build.ts turns them into those of the Configuration.
 */
import { resolve } from 'node:path';
import { z } from 'zod';
import { GATEWAY_PROTOCOL_NAMES } from '../base/gateway-protocol-names.ts';
import { parseListenAddress, resolveListenAddress } from './listen-address.ts';

const GATEWAY_PREFIXES = GATEWAY_PROTOCOL_NAMES.map((name) => `${name}://`).join(', ');

export interface ValueType<T> {
  /** Validates what a file says, where numbers and booleans have types of their own. */
  readonly schema: z.ZodType<T>;
  /** Completes "allowed: …". */
  readonly allowed: string;
  readonly placeholder: string;
  /** What a flag or an environment variable says, as a file would have it. */
  fromText(text: string): unknown;
  /** As one would write it in a file, without quotes. */
  format(value: T): string;
  /** For values that name files: makes a relative one absolute. */
  resolveIn?(value: T, directory: string): T;
}

const asIs = (text: string): unknown => text;
export const numberFromText = (text: string): unknown => (/^\d+(\.\d+)?$/.test(text) ? Number(text) : text);

/** Longest time Node's timers can wait is 2^31 - 1 ms. */
const SECONDS_MAX = 24 * 24 * 3600;
const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { ms: 0.001, s: 1, m: 60, h: 3600 };

/** A time. `zero` says what 0 means; without it 0 is refused. */
export function seconds(zero?: string): ValueType<number> {
  const range = z
    .number()
    .min(zero === undefined ? 0.001 : 0)
    .max(SECONDS_MAX);
  const withUnit = z.string().regex(/^\d+(\.\d+)?(ms|s|m|h)$/);
  return {
    schema: z.union([range, withUnit.transform(secondsOf).pipe(range)]),
    allowed: `a time in seconds or with a unit (15, 500ms, 15s, 2m, 1h) from ${
      zero === undefined ? '1ms' : `0 (${zero})`
    } to 24 days`,
    placeholder: 'SECONDS',
    fromText: numberFromText,
    format: formatSeconds,
  };
}

function secondsOf(text: string): number {
  const unit = text.replace(/^[\d.]+/, '');
  // Rounded to whole milliseconds: 0.001 * 3 is not 0.003.
  return Math.round(Number.parseFloat(text) * SECONDS_PER_UNIT[unit]! * 1000) / 1000;
}

function formatSeconds(value: number): string {
  return value > 0 && value < 1 ? `${Math.round(value * 1000)}ms` : `${value}s`;
}

const BYTES_PER_UNIT: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** A size. `zero` says what 0 means; without it `min` is the least. */
export function bytes(options: { zero?: string; min?: number; max?: number }): ValueType<number> {
  const { zero, min = 1, max = 2 ** 40 } = options;
  const range = z
    .int()
    .min(zero === undefined ? min : 0)
    .max(max);
  const withUnit = z.string().regex(/^\d+[kmgKMG]$/);
  const least = zero === undefined ? formatBytes(min) : `0 (${zero})`;
  return {
    schema: z.union([range, withUnit.transform(bytesOf).pipe(range)]),
    allowed: `a size in bytes or with a unit (8190, 64k, 10m, 1g) from ${least} to ${formatBytes(max)}`,
    placeholder: 'BYTES',
    fromText: numberFromText,
    format: formatBytes,
  };
}

/** A size that is megabytes where no unit is given, as mod_wsgi-express has it; the value is in bytes. */
export const megabytes: ValueType<number> = {
  schema: z.union([
    z
      .int()
      .min(1)
      .max(2 ** 20)
      .transform((value) => value * 2 ** 20),
    z
      .string()
      .regex(/^\d+[kmgKMG]$/)
      .transform(bytesOf)
      .pipe(
        z
          .int()
          .min(1024)
          .max(2 ** 40),
      ),
  ]),
  allowed: 'a size in megabytes or with a unit (5, 500k, 10m, 1g) from 1k to 1024g',
  placeholder: 'MB',
  fromText: numberFromText,
  format: formatBytes,
};

function bytesOf(text: string): number {
  return Number.parseInt(text, 10) * BYTES_PER_UNIT[text.at(-1)!.toLowerCase()]!;
}

function formatBytes(value: number): string {
  for (const unit of ['g', 'm', 'k']) {
    if (value > 0 && value % BYTES_PER_UNIT[unit]! === 0) return `${value / BYTES_PER_UNIT[unit]!}${unit}`;
  }
  return String(value);
}

export function count(min: number, max: number, placeholder = 'N'): ValueType<number> {
  return {
    schema: z.int().min(min).max(max),
    allowed: `a whole number from ${min} to ${max}`,
    placeholder,
    fromText: numberFromText,
    format: String,
  };
}

/** A part of one. */
export function fraction(max: number): ValueType<number> {
  return {
    schema: z.number().min(0).max(max),
    allowed: `a number from 0 to ${max}`,
    placeholder: 'FRACTION',
    fromText: numberFromText,
    format: String,
  };
}

const SWITCH_WORDS: Readonly<Record<string, boolean>> = {
  on: true,
  true: true,
  yes: true,
  1: true,
  off: false,
  false: false,
  no: false,
  0: false,
};

/** A boolean: `--name` and `--no-name` as a flag. */
export const onOff: ValueType<boolean> = {
  schema: z.boolean(),
  allowed: 'true or false in a file; on, off, true, false, yes, no, 1 or 0 elsewhere',
  placeholder: 'on|off',
  fromText: (text) => SWITCH_WORDS[text.toLowerCase()] ?? text,
  format: (value) => (value ? 'on' : 'off'),
};

export function choice<const T extends string>(...words: T[]): ValueType<T> {
  return {
    schema: z.enum(words),
    allowed: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    placeholder: words.join('|'),
    fromText: asIs,
    format: String,
  };
}

/** A text without NUL, which neither file names nor the environment can hold. */
export function text(
  placeholder: string,
  pattern = /^[^\0]+$/,
  allowed = 'a text, in quotes in a file',
): ValueType<string> {
  return { schema: z.string().regex(pattern), allowed, placeholder, fromText: asIs, format: String };
}

const PATH_KINDS = {
  FILE: 'a file',
  DIRECTORY: 'a directory',
  PATH: 'a file or a directory',
  PREFIX: 'a certificate and its key, without .crt and .key',
} as const;

export function path(placeholder: keyof typeof PATH_KINDS): ValueType<string> {
  return {
    ...text(placeholder, /^[^\0]+$/, `the path of ${PATH_KINDS[placeholder]}`),
    resolveIn: (value, directory) => resolve(directory, value),
  };
}

/** A name in a directory. */
export const fileName = text('NAME', /^(?!\.{1,2}$)[^/\0]+$/, 'the name of a file, without a slash');

/** A program: looked up on PATH unless the name has a slash. */
export const command: ValueType<string> = {
  ...text('PATH', /^[^\0]+$/, 'the path of a program, or its name on PATH'),
  resolveIn: (value, directory) => (value.includes('/') ? resolve(directory, value) : value),
};

/** How a line of the access log looks. */
export const accessLogFormat = text(
  'FORMAT',
  /^(combined|common|json|pretty|[^\0\n]*%[^\0\n]*)$/,
  'combined, common, json, pretty or an Apache format string such as "%h %t \\"%r\\" %>s %b"',
);

/** The path of a URL. A slash at its end carries no meaning here and is dropped. */
export const urlPath: ValueType<string> = {
  schema: z
    .string()
    .regex(/^\/[^\s?#\0]*$/)
    .transform((value) => (value.length > 1 ? value.replace(/\/+$/, '') || '/' : value)),
  allowed: 'a URL path that begins with a slash, like /static',
  placeholder: 'URL',
  fromText: asIs,
  format: String,
};

/** Printable ASCII, as a client would write it. */
export const warmupTarget: ValueType<string> = {
  schema: z.string().regex(/^(https?:\/\/[\w.:[\]-]+)?\/([!-"$&-~]|%[\da-f]{2})*$/i),
  allowed: 'a path like /health?full=1, or a URL like https://shop.example/health',
  placeholder: 'PATH',
  fromText: asIs,
  format: String,
};

export const listenAddress: ValueType<string> = {
  schema: z
    .string()
    .regex(/^([a-z+]+:\/\/)?(unix:[^\0]+|fd:\d+|\S*:\d+)$/)
    .refine((value) => parseListenAddress(value) !== null),
  allowed: `HOST:PORT, [IPV6]:PORT, :PORT, unix:PATH or fd:N; before it what is spoken there when it is not HTTP: https://, ${GATEWAY_PREFIXES}, or proxy:// and proxy+https:// for the PROXY protocol`,
  placeholder: 'ADDRESS',
  fromText: asIs,
  format: String,
  resolveIn: resolveListenAddress,
};

/** Octal, as chmod(1) has it. In a file it needs quotes: 660 without them is another number. */
export const fileMode: ValueType<string> = {
  schema: z.string().regex(/^0?[0-7]{3}$/),
  allowed: 'three octal digits, in quotes in a file, like "660"',
  placeholder: 'MODE',
  fromText: asIs,
  format: String,
};

export const ajpSecret = text('SECRET', /^[\x21-\x7e]{1,255}$/, 'ASCII characters without spaces');

/** With the header; what the protocol begins with, and what its lengths can say. */
export const ajpPacketSize = bytes({ min: 8192, max: 65_536 });
