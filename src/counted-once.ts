/**
 * Limits count a request once, as with nginx (limit_req_status, limit_conn_status): where an internal redirect leads it,
 * no limit of a kind that has counted it before does so again. All that it meets on one way count it.
 */
import type { Exchange } from './exchange.ts';

/** The kinds of limits: bits of `Exchange.counted`. */
export const REQUESTS = 1;
export const IN_FLIGHT = 2;
/** Where the bits of the ways before stand. */
const BEFORE = 2;
const ALL_BEFORE = (REQUESTS | IN_FLIGHT) << BEFORE;

/** True: the limit is to count it, which is noted. */
export function countsNow(exchange: Exchange, kind: number): boolean {
  if ((exchange.counted & (kind << BEFORE)) !== 0) return false;
  exchange.counted |= kind;
  return true;
}

/** `counted` of what an internal redirect makes of an exchange. */
export function countedBefore(counted: number): number {
  return (counted | (counted << BEFORE)) & ALL_BEFORE;
}
