/**
 * May a response be stored, for how long is it fresh, and what may be done with it afterwards (RFC 9111, sections 3 and
 * 4.2)? Pure: everything it depends on is an argument.
 */
import { parseHttpDate } from '../../base/http-date.ts';
import type { FieldList } from '../../exchange.ts';
import {
  type Directives,
  isWhole,
  listMembers,
  namedFields,
  parseCacheControl,
  parseCdnCacheControl,
  timeMs,
} from './directives.ts';
import { type ResponseFacts, readFacts } from './response-facts.ts';
import type { CacheRules } from './rules.ts';

/** What there is to know of the request for it. */
export interface Asked {
  /** With Authorization, or with a user that a middleware of ours has found. */
  readonly isAuthorized: boolean;
  /** When the request was sent on, and when the head of its answer came: ms since 1970. */
  readonly sentAtMs: number;
  readonly receivedAtMs: number;
}

export interface Policy {
  readonly lifetimeMs: number;
  /** How old it was when it came (section 4.2.3). */
  readonly initialAgeMs: number;
  /** How long after its lifetime it may be used while it is fetched anew, and while that fails. */
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  /** A directive forbids to use it stale, whatever a client or the configuration allow. */
  readonly neverStale: boolean;
  /** Names of the fields of requests that it was chosen by, in lower case and in order. */
  readonly varyNames: readonly string[];
  /** Fields that are not kept, in lower case. */
  readonly hidden: ReadonlySet<string>;
  readonly facts: ResponseFacts;
}

/** Statuses that we know all rules of (for must-understand). */
const UNDERSTOOD = new Set([
  200, 203, 204, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 410, 414, 500, 501, 502, 503, 504,
]);
/** May be stored although nothing says for how long (RFC 9110, section 15.1). */
const HEURISTIC = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
/** Parts of other responses: not whole answers. */
const NEVER = new Set([206, 304, 416]);
const VARY_NAMES_MAX = 12;

/** Null: it must not be stored, or to store it is of no use. */
export function policyOf(status: number, fields: FieldList, asked: Asked, rules: CacheRules): Policy | null {
  if (status < 200 || NEVER.has(status)) return null;
  const facts = readFacts(fields);
  const targeted = parseCdnCacheControl(facts.cdnCacheControl);
  const directives = targeted ?? parseCacheControl(facts.cacheControl);
  const acceleratedMs = parseAccelExpires(facts.accelExpires, asked.receivedAtMs);
  if (acceleratedMs === 0 || (acceleratedMs === null && forbids(status, directives, asked))) return null;

  const hidden = new Set([...namedFields(directives, 'no-cache'), ...namedFields(directives, 'private')]);
  if (facts.setCookie !== null && rules.setCookie !== 'keep') {
    if (rules.setCookie === 'refuse' && !hidden.has('set-cookie')) return null;
    hidden.add('set-cookie');
  }
  const varyNames = [...new Set(listMembers(facts.vary ?? ''))].sort();
  if (varyNames.includes('*') || varyNames.length > VARY_NAMES_MAX) return null;

  const dateMs = (facts.date === null ? null : parseHttpDate(facts.date)) ?? asked.receivedAtMs;
  const explicitMs =
    acceleratedMs ??
    (isWhole(directives, 'no-cache') ? 0 : explicitLifetimeMs(directives, facts, dateMs, targeted));
  const lifetimeMs = explicitMs ?? impliedLifetimeMs(status, directives, facts, dateMs, rules);
  if (lifetimeMs === null) return null;

  const validatable = facts.etag !== null || facts.lastModified !== null;
  const neverStale =
    directives.has('must-revalidate') ||
    directives.has('proxy-revalidate') ||
    isWhole(directives, 'no-cache');
  const isShared = directives.has('s-maxage');
  const allowance = (name: string, byRule: number) =>
    neverStale ? 0 : (timeMs(directives, name) ?? (isShared ? 0 : byRule));
  const policy: Policy = {
    lifetimeMs,
    initialAgeMs: initialAgeMs(facts, dateMs, asked),
    staleWhileRevalidateMs: allowance('stale-while-revalidate', rules.staleWhileRevalidateMs),
    staleIfErrorMs: allowance('stale-if-error', rules.staleIfErrorMs),
    neverStale: neverStale || isShared,
    varyNames,
    hidden,
    facts,
  };
  const isUseful = lifetimeMs > policy.initialAgeMs || policy.staleWhileRevalidateMs > 0;
  return isUseful || validatable ? policy : null;
}

function forbids(status: number, directives: Directives, asked: Asked): boolean {
  const understands = directives.has('must-understand');
  if (understands && !UNDERSTOOD.has(status)) return true;
  if (directives.has('no-store') && !understands) return true;
  if (isWhole(directives, 'private')) return true;
  // Section 3.5: what was made for one user is for others only when the answer says so.
  const isForAll = ['public', 's-maxage', 'must-revalidate'].some((name) => directives.has(name));
  return asked.isAuthorized && !isForAll;
}

function explicitLifetimeMs(
  directives: Directives,
  facts: ResponseFacts,
  dateMs: number,
  targeted: Directives | null,
): number | null {
  const statedMs = timeMs(directives, 's-maxage') ?? timeMs(directives, 'max-age');
  if (statedMs !== null) return statedMs;
  // A targeted field takes the place of Expires, too (RFC 9213, section 2.2).
  if (facts.expires === null || targeted !== null) return null;
  const expiresMs = parseHttpDate(facts.expires);
  return expiresMs === null ? 0 : Math.max(0, expiresMs - dateMs);
}

/** Nothing in the response says how long: the configuration's word, or a part of the time since it was changed. */
function impliedLifetimeMs(
  status: number,
  directives: Directives,
  facts: ResponseFacts,
  dateMs: number,
  rules: CacheRules,
): number | null {
  const validMs = rules.validMs.get(status) ?? rules.validMs.get(0);
  if (validMs !== undefined) return validMs;
  if (rules.heuristic === 0 || facts.lastModified === null) return null;
  if (!HEURISTIC.has(status) && !directives.has('public')) return null;
  const modifiedMs = parseHttpDate(facts.lastModified);
  if (modifiedMs === null) return null;
  return Math.min(Math.max(0, dateMs - modifiedMs) * rules.heuristic, HEURISTIC_MAX_MS);
}

const HEURISTIC_MAX_MS = 24 * 3600 * 1000;

/** As nginx has it: seconds, or `@` and a time since 1970; 0: not at all. */
function parseAccelExpires(text: string | null, nowMs: number): number | null {
  if (text === null) return null;
  if (/^@\d{1,12}$/.test(text)) return Math.max(0, Number(text.slice(1)) * 1000 - nowMs);
  return /^\d{1,10}$/.test(text) ? Number(text) * 1000 : null;
}

/** Section 4.2.3: how old it says it is, and how old its Date says it is; the larger. */
function initialAgeMs(facts: ResponseFacts, dateMs: number, { sentAtMs, receivedAtMs }: Asked): number {
  // Of several the first counts; what is no number is no age (section 5.1).
  const age = /^\s*(\d+)\s*(?:,|$)/.exec(facts.age ?? '')?.[1];
  const statedMs = age === undefined ? 0 : Math.min(Number(age), 2 ** 31) * 1000;
  // Date has no milliseconds.
  const apparentMs = Math.max(0, receivedAtMs - dateMs - 999);
  return Math.max(apparentMs, statedMs + Math.max(0, receivedAtMs - sentAtMs));
}
