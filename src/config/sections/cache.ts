/** `cache`: answers are kept, and sent again while they are fresh. */
import { z } from 'zod';
import { section } from '../section.ts';
import { list, map, one } from '../setting.ts';
import { bytes, choice, count, fraction, onOff, seconds, text, type ValueType } from '../value-types.ts';
import { template } from './types.ts';

export interface CacheSettings {
  /** A template in place of scheme, host, path and query; null: those. */
  readonly key: string | null;
  readonly ignoredParameters: readonly string[];
  readonly sortsQuery: boolean;
  /** Keeps apart what the caches of different places keep. */
  readonly scope: string;
  /** By status or `any`. */
  readonly validMs: Readonly<Record<string, number>>;
  readonly heuristic: number;
  readonly usesMin: number;
  readonly bodyBytesMax: number;
  /** Templates. */
  readonly bypass: readonly string[];
  readonly noStore: readonly string[];
  readonly setCookie: 'refuse' | 'strip' | 'keep';
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly lock: boolean;
  readonly lockTimeoutMs: number;
  readonly obeysClients: boolean;
  readonly hasStatusField: boolean;
}

const statusOrAny: ValueType<string> = {
  schema: z.string().regex(/^([2-5]\d\d|any)$/),
  allowed: 'a status from 200 to 599, or any',
  placeholder: 'STATUS',
  fromText: (value) => value,
  format: String,
};

export const cache = section({
  help: 'keeps answers, and sends them again while they are fresh',
  isSwitch: true,
  parts: {
    key: one(template, {
      default: null,
      defaultText: '{scheme}://{authority}{uri}',
      help: 'what an answer is kept under',
    }),
    'ignore-query': list(text('NAME'), {
      help: 'parameters of the query that are no part of the key; utm_* for all that begin so',
    }),
    'sort-query': one(onOff, {
      default: false,
      help: 'the order of the parameters of the query does not matter',
    }),
    valid: map(statusOrAny, seconds('not at all'), {
      help: 'how long answers are fresh that do not say it themselves, by status',
    }),
    heuristic: one(fraction(1), {
      default: 0,
      help: 'how long answers are fresh that say nothing but Last-Modified: a part of the time since then',
    }),
    'min-uses': one(count(1, 1000), { default: 1, help: 'requests for a URL before its answer is kept' }),
    'max-size': one(bytes({ max: 64 * 1024 ** 2 }), {
      default: 1024 ** 2,
      help: 'larger bodies are not kept',
    }),
    bypass: list(template, {
      help: 'the application is asked when one of these is neither empty nor 0; the answer is kept',
    }),
    'no-store': list(template, { help: 'the answer is not kept when one of these is neither empty nor 0' }),
    'set-cookie': one(choice('refuse', 'strip', 'keep'), {
      default: 'refuse',
      help: 'answers that set cookies: not kept, kept without the cookies, or kept with them',
    }),
    'stale-while-revalidate': one(seconds('not at all'), {
      default: 0,
      help: 'how long a stale answer is sent while a new one is fetched, where the answer does not say it',
    }),
    'stale-if-error': one(seconds('not at all'), {
      default: 0,
      help: 'how long a stale answer is sent in place of an error 500, 502, 503 or 504, where the answer does not say it',
    }),
    lock: one(onOff, {
      default: true,
      help: 'of many requests for what is not kept, one asks and the others wait',
    }),
    'lock-timeout': one(seconds(), { default: 5, help: 'how long they wait before they ask themselves' }),
    'obey-clients': one(onOff, {
      default: false,
      help: 'Cache-Control of requests (no-cache, max-age, min-fresh, max-stale) counts',
    }),
    'status-header': one(onOff, { default: true, help: 'Cache-Status is added to answers' }),
  },
  build: (values, place): CacheSettings => ({
    key: values.key,
    ignoredParameters: values['ignore-query'],
    sortsQuery: values['sort-query'],
    // Without file and line, which change while what is kept stays good.
    scope: `${place.text.replace(/^.*:\d+: /, '')} `,
    validMs: Object.fromEntries(Object.entries(values.valid).map(([status, time]) => [status, time * 1000])),
    heuristic: values.heuristic,
    usesMin: values['min-uses'],
    bodyBytesMax: values['max-size'],
    bypass: values.bypass,
    noStore: values['no-store'],
    setCookie: values['set-cookie'],
    staleWhileRevalidateMs: values['stale-while-revalidate'] * 1000,
    staleIfErrorMs: values['stale-if-error'] * 1000,
    lock: values.lock,
    lockTimeoutMs: values['lock-timeout'] * 1000,
    obeysClients: values['obey-clients'],
    hasStatusField: values['status-header'],
  }),
});
