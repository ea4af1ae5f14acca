/** Types of values that both kinds of limits have. */
import { z } from 'zod';
import { count, type ValueType } from '../value-types.ts';

/** The key of a limit for each client. */
export const CLIENT = '{remote-address}';

/** Each takes some hundred bytes at most. */
export const keysMax = count(100, 10_000_000, 'N');

const STATUSES = [429, 503] as const;

/** 429 Too Many Requests, or 503 Service Unavailable. */
export const refusal: ValueType<number> = {
  schema: z.literal(STATUSES),
  allowed: STATUSES.join(' or '),
  placeholder: STATUSES.join('|'),
  fromText: Number,
  format: String,
};
