/**
 * The shared response cache (RFC 9111): GET and HEAD are answered from what is stored (store.ts) while it is fresh;
 * otherwise the handler behind is asked (fetch.ts), by one request for all that come meanwhile (flights.ts), and what it
 * says is stored when it may be (policy.ts). Every other method makes what is stored of its URL invalid.
 */
import type { CacheSettings } from '../../config/sections/cache.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler, Middleware } from '../../handler.ts';
import { compileTemplate } from '../../variables.ts';
import {
  CONTROL,
  isAuthorized,
  PARTIAL,
  RANGE,
  requestDirectives,
  traitsOf,
  UPGRADE,
  wholeRequest,
} from './asked.ts';
import { Attempt, type CacheParts, type Forwarded, type Question } from './attempt.ts';
import { BoundedMap } from './bounded-map.ts';
import { answerFrom } from './conditions.ts';
import { type Directives, timeMs } from './directives.ts';
import type { Entry } from './entry.ts';
import { Fetch } from './fetch.ts';
import { Flights } from './flights.ts';
import { InvalidatingExchange, isSafe } from './invalidation.ts';
import { createKeys, type Keys } from './key.ts';
import { type CacheRules, compileRules } from './rules.ts';
import type { ResponseStore } from './store.ts';
import { varyValue } from './vary.ts';

export interface CacheTools {
  readonly cacheStore: ResponseStore;
}

/** Keys that are remembered for having come, or for not having been cacheable. */
const REMEMBERED_MAX = 10_000;

/** One cache, however many ways of requests lead through it. */
export function cache(settings: CacheSettings, { cacheStore }: CacheTools): Middleware {
  const own = makeParts(settings, cacheStore);
  return (next) => {
    const made = new Cache(own, next);
    return (exchange) => made.handle(exchange);
  };
}

interface OwnParts extends CacheParts {
  readonly keys: Keys;
  readonly locks: boolean;
  /** How often a key has come; only where that matters. */
  readonly uses: BoundedMap<number>;
}

function makeParts(settings: CacheSettings, store: ResponseStore): OwnParts {
  const template = settings.key === null ? null : compileTemplate(settings.key);
  const keys = createKeys({ ...settings, template });
  store.addCache((url) => keys.normalUrl(url));
  return {
    rules: compileRules(settings),
    store,
    keys,
    locks: settings.lock,
    uses: new BoundedMap<number>(REMEMBERED_MAX),
    flights: new Flights(settings.lockTimeoutMs),
    uncacheable: new BoundedMap(REMEMBERED_MAX),
  };
}

class Cache {
  readonly #parts: OwnParts;
  readonly #rules: CacheRules;
  readonly #store: ResponseStore;
  readonly #keys: Keys;
  readonly #next: Handler;

  constructor(parts: OwnParts, next: Handler) {
    this.#parts = parts;
    this.#rules = parts.rules;
    this.#store = parts.store;
    this.#keys = parts.keys;
    this.#next = next;
  }

  handle(exchange: Exchange): void {
    const { request } = exchange;
    const { method, fields } = request;
    if (method !== 'GET' && method !== 'HEAD') return this.#change(exchange);
    const traits = traitsOf(fields);
    const key = this.#keys.key(exchange);
    // What a body says is no part of the key; an upgraded connection is no answer.
    if (key === null || exchange.body !== null || (traits & UPGRADE) !== 0) return this.#next(exchange);
    const entry = this.#store.memory.find(key, fields);
    if (entry !== null && (traits & CONTROL) === 0 && this.#rules.isBypassed === null) {
      const nowMs = this.#store.nowMs();
      if (entry.freshMs(nowMs) > 0) return this.#hit(exchange, entry, nowMs, (traits & PARTIAL) === 0);
    }
    const isKeptOut = this.#rules.isKeptOut?.(exchange) ?? false;
    this.#look({ exchange, traits, key, url: this.#keys.url(request), entry, isKeptOut });
  }

  #hit(exchange: Exchange, entry: Entry, nowMs: number, isPlain: boolean): void {
    const { counts } = this.#store;
    counts.requests.hit++;
    counts.hitBytes += entry.body.length;
    answerFrom(exchange, entry, entry.fieldsAt(nowMs, this.#rules.hasStatusField), isPlain);
  }

  /** What may have been stored of the URL, and of what the answer names, is not right any more. */
  #change(exchange: Exchange): void {
    const { request } = exchange;
    if (isSafe(request.method)) return this.#next(exchange);
    const url = this.#keys.url(request);
    const invalidating = new InvalidatingExchange(exchange, (locations) => {
      const origin = originOf(url);
      const others = locations.map((location) => this.#keys.normalUrl(location, url));
      const own = others.filter((other) => other !== null && originOf(other) === origin) as string[];
      for (const changed of new Set([url, ...own])) this.#store.invalidate(changed);
    });
    this.#next(invalidating);
  }

  /** First on disk, when memory has nothing. */
  #look(question: Question): void {
    const { exchange, key, url, entry } = question;
    if (this.#rules.isBypassed?.(exchange) === true) {
      // An answer to HEAD has no body that could be kept.
      if (exchange.request.method === 'HEAD') return this.#next(exchange);
      return this.#fetch({ ...question, entry: null }, 'bypass', null);
    }
    if (entry !== null || this.#store.disk === null) return this.#decide(question);
    let isGone = false;
    exchange.onGone = () => {
      isGone = true;
    };
    this.#store.load(key, url, exchange.request.fields, (found) => {
      if (!isGone) this.#decide({ ...question, entry: found });
    });
  }

  /** From the store, or from the handler, or with what another request is fetching already. */
  #decide(question: Question): void {
    const { exchange, traits, key, entry } = question;
    const nowMs = this.#store.nowMs();
    const asked = (traits & CONTROL) === 0 ? null : requestDirectives(exchange.request);
    const use = entry === null ? 'no' : this.#useOf(entry, asked, nowMs);
    if (use === 'fresh') return this.#hit(exchange, entry!, nowMs, false);
    if (use !== 'no') {
      if (use === 'while-revalidating') this.#refresh(question);
      this.#store.counts.requests.stale++;
      return answerFrom(exchange, entry!, entry!.fieldsAt(nowMs, this.#rules.hasStatusField), false);
    }
    if (asked?.has('only-if-cached')) return exchange.abort(504, 'Nothing is stored for this request.');
    const isPart = (traits & RANGE) !== 0 && entry === null;
    if (exchange.request.method === 'HEAD' || isPart) return this.#next(exchange);
    const isKeptOut = question.isKeptOut || asked?.has('no-store') === true;
    const kept: Question = { ...question, isKeptOut: isKeptOut || !this.#isWorthStoring(key) };
    if (this.#isUncacheable(key, nowMs) || kept.isKeptOut)
      return this.#fetch(kept, forwardedFor(kept, this.#store), null);
    this.#share(kept);
  }

  #useOf(
    entry: Entry,
    asked: Directives | null,
    nowMs: number,
  ): 'fresh' | 'allowed-stale' | 'while-revalidating' | 'no' {
    const freshMs = entry.freshMs(nowMs);
    if (this.#rules.obeysClients && asked !== null) {
      if (
        asked.has('no-cache') ||
        entry.ageMs(nowMs) > (timeMs(asked, 'max-age') ?? Number.POSITIVE_INFINITY)
      )
        return 'no';
      const neededMs = timeMs(asked, 'min-fresh') ?? 0;
      if (freshMs > 0 && freshMs < neededMs) return 'no';
      const staleMs = asked.get('max-stale') === null ? Number.POSITIVE_INFINITY : timeMs(asked, 'max-stale');
      if (freshMs <= 0 && !entry.head.neverStale && -freshMs <= (staleMs ?? -1)) return 'allowed-stale';
    }
    if (freshMs > 0) return 'fresh';
    return freshMs > -entry.head.staleWhileRevalidateMs ? 'while-revalidating' : 'no';
  }

  /** One request fetches what the others wait for. */
  #share(question: Question): void {
    const { exchange, traits, key, entry } = question;
    const { flights } = this.#parts;
    const why = forwardedFor(question, this.#store);
    // What is made for one user is no answer to others; what must be validated each time is so by each.
    const isShared =
      this.#parts.locks &&
      !isAuthorized(exchange.environ, traits) &&
      (entry === null || entry.head.lifetimeMs > 0);
    if (!isShared) return this.#fetch(question, why, null);
    const flightKey = this.#flightKey(question);
    if (!flights.isUnderWay(flightKey)) {
      flights.begin(flightKey);
      return this.#fetch(question, why, flightKey);
    }
    const resume = (found: Entry | null) => {
      if (found === null || found.head.key !== key || !found.suits(exchange.request.fields))
        return this.#fetch(question, why, null);
      this.#store.counts.coalesced++;
      this.#hit(exchange, found, this.#store.nowMs(), false);
    };
    if (!flights.wait(flightKey, exchange, resume)) this.#fetch(question, why, null);
  }

  /** Requests that get the same answer, as far as is known before it is there. */
  #flightKey({ exchange, key }: Question): string {
    const names = this.#store.memory.varyNames(key) ?? [];
    return [key, ...names.map((name) => varyValue(exchange.request.fields, name))].join('\n');
  }

  /** The client has its answer already. */
  #refresh(question: Question): void {
    const flightKey = this.#flightKey(question);
    if (this.#parts.flights.isUnderWay(flightKey)) return;
    this.#parts.flights.begin(flightKey);
    this.#fetch(question, 'stale', flightKey, 'background');
  }

  #fetch(question: Question, why: Forwarded, flightKey: string | null, role?: 'background'): void {
    const { exchange, traits, entry } = question;
    if (role === undefined) this.#store.counts.requests[why === 'bypass' ? 'bypass' : 'miss']++;
    const attempt = new Attempt(this.#parts, question, why, flightKey);
    const isPlain = (traits & PARTIAL) === 0;
    // What cannot be stored goes to the handler as it came.
    const isPassed = question.isKeptOut || flightKey === null;
    const goesWhole = entry !== null || !(isPlain || isPassed);
    const fetch = new Fetch(
      attempt,
      exchange,
      (request) => (goesWhole ? wholeRequest(request, entry) : request),
      role ?? (goesWhole && !isPlain ? 'deferred' : 'leader'),
    );
    try {
      this.#next(fetch);
    } catch (error) {
      attempt.settle(null);
      throw error;
    }
  }

  #isUncacheable(key: string, nowMs: number): boolean {
    return (this.#parts.uncacheable.get(key) ?? 0) > nowMs;
  }

  #isWorthStoring(key: string): boolean {
    if (this.#rules.usesMin <= 1) return true;
    const uses = (this.#parts.uses.get(key) ?? 0) + 1;
    this.#parts.uses.set(key, uses);
    return uses >= this.#rules.usesMin;
  }
}

function forwardedFor({ entry, key }: Question, { memory }: ResponseStore): Forwarded {
  if (entry !== null) return 'stale';
  return memory.varyNames(key) === null ? 'uri-miss' : 'vary-miss';
}

function originOf(url: string): string {
  return url.split('/', 3).join('/');
}
