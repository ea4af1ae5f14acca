/** `limit-requests`: how often a client may ask, with the meaning of nginx's limit_req. */
import { z } from 'zod';
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { count, onOff, type ValueType } from '../value-types.ts';
import { CLIENT, keysMax, refusal } from './limit-values.ts';
import { template } from './types.ts';

export interface LimitRequestsSettings {
  /** Requests in a thousand seconds. */
  readonly rate: number;
  /** Requests above the rate that are not refused. */
  readonly burst: number;
  /** So many of them need not wait; null: none has to. */
  readonly delayAfter: number | null;
  /** A template; requests with the same value share a limit. */
  readonly key: string;
  readonly keysMax: number;
  readonly status: number;
  /** Refusals are only logged. */
  readonly dryRun: boolean;
  /** Where it stands, for messages. */
  readonly place: string;
}

const SECONDS_PER_UNIT: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** A number of requests in a time, as a text; its value is requests in a thousand seconds. */
const rate: ValueType<number> = {
  schema: z
    .string()
    .regex(/^[1-9]\d{0,6}r\/[smh]$/)
    .transform((text) => (Number.parseInt(text, 10) * 1_000) / SECONDS_PER_UNIT[text.at(-1)!]!),
  allowed: 'requests in a second, a minute or an hour, like "10r/s", "30r/m" or "500r/h"',
  placeholder: 'RATE',
  fromText: (text) => text,
  format: (value) => `${(value * 3.6).toFixed()}r/h`,
};

const BURST_MAX = 1_000_000;

export const limitRequests = section({
  help: 'how often a client may ask',
  short: 'rate',
  required: ['rate'],
  parts: {
    rate: one(rate, { default: null, help: 'requests in a time: "10r/s", "30r/m", "500r/h"' }),
    burst: one(count(0, BURST_MAX), {
      default: 0,
      help: 'requests above the rate that wait for their turn; what is above that is refused',
    }),
    delay: one(count(0, BURST_MAX), {
      default: null,
      defaultText: '0',
      help: 'so many requests of the burst need not wait',
    }),
    nodelay: one(onOff, { default: false, help: 'no request of the burst has to wait' }),
    key: one(template, { default: CLIENT, help: 'requests for which this is the same share the limit' }),
    keys: one(keysMax, { default: 65_536, help: 'how many keys are remembered' }),
    status: one(refusal, { default: 429, help: 'status of what is refused' }),
    'dry-run': one(onOff, { default: false, help: 'only log what would be refused' }),
  },
  build: ({ delay, nodelay, ...values }, place): LimitRequestsSettings => {
    if (nodelay && delay !== null) place.refuse('delay', 'delay and nodelay', 'one of them');
    return {
      rate: values.rate!,
      burst: values.burst,
      delayAfter: nodelay ? null : (delay ?? 0),
      key: values.key,
      keysMax: values.keys,
      status: values.status,
      dryRun: values['dry-run'],
      place: place.text,
    };
  },
});
