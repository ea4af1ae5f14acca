/** `limit-in-flight`: how much a client may ask at the same time, with the meaning of nginx's limit_conn. */
import { section } from '../section.ts';
import { one } from '../setting.ts';
import { count, onOff } from '../value-types.ts';
import { CLIENT, refusal } from './limit-values.ts';
import { template } from './types.ts';

export interface LimitInFlightSettings {
  readonly max: number;
  /** A template; requests with the same value share a limit. */
  readonly key: string;
  readonly status: number;
  /** Refusals are only logged. */
  readonly dryRun: boolean;
  /** Where it stands, for messages. */
  readonly place: string;
}

export const limitInFlight = section({
  help: 'how many requests of a client may be under way at the same time',
  short: 'max',
  required: ['max'],
  parts: {
    max: one(count(1, 1_000_000), { default: null, help: 'requests that have not ended' }),
    key: one(template, { default: CLIENT, help: 'requests for which this is the same share the limit' }),
    status: one(refusal, { default: 429, help: 'status of what is refused' }),
    'dry-run': one(onOff, { default: false, help: 'only log what would be refused' }),
  },
  build: ({ max, key, status, 'dry-run': dryRun }, place): LimitInFlightSettings => ({
    max: max!,
    key,
    status,
    dryRun,
    place: place.text,
  }),
});
