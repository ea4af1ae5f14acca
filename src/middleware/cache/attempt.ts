/** One attempt to get an answer from the handler: what the cache makes of it, and what it keeps of it. */
import type { Exchange, FieldList } from '../../exchange.ts';
import { isAuthorized } from './asked.ts';
import type { BoundedMap } from './bounded-map.ts';
import { answerFrom } from './conditions.ts';
import { Entry, entryHead, keptFields, maySend, updatedFields } from './entry.ts';
import type { FetchOwner, Verdict } from './fetch.ts';
import type { Flights } from './flights.ts';
import { policyOf } from './policy.ts';
import type { CacheRules } from './rules.ts';
import type { ResponseStore } from './store.ts';

/** What the attempts of one cache share. */
export interface CacheParts {
  readonly rules: CacheRules;
  readonly store: ResponseStore;
  readonly flights: Flights;
  /** Keys whose answers could not be stored, and until when that is taken for granted. */
  readonly uncacheable: BoundedMap<number>;
}

/** A request that is not answered from the store at once. */
export interface Question {
  readonly exchange: Exchange;
  readonly traits: number;
  readonly key: string;
  readonly url: string;
  /** What is stored for it, if it may not be used as it is. */
  readonly entry: Entry | null;
  /** Its answer must not be stored. */
  readonly isKeptOut: boolean;
}

/** Why the handler is asked, in the words of RFC 9211. */
export type Forwarded = 'uri-miss' | 'vary-miss' | 'stale' | 'bypass' | 'request';

const FAILURES = new Set([500, 502, 503, 504]);
/** For so long requests for what could not be stored do not wait for each other. */
const UNCACHEABLE_MS = 60_000;

export class Attempt implements FetchOwner {
  readonly #parts: CacheParts;
  readonly #question: Question;
  readonly #why: Forwarded;
  readonly #flightKey: string | null;
  readonly #sentAtMs: number;
  #claimedBytes = 0;
  readonly bodyBytesMax: number;
  /** Its URL has been purged since it began: what it brings may be what was purged. */
  isOutdated = false;

  constructor(parts: CacheParts, question: Question, why: Forwarded, flightKey: string | null) {
    this.#parts = parts;
    this.#question = question;
    this.#why = why;
    this.#flightKey = flightKey;
    this.#sentAtMs = parts.store.nowMs();
    this.bodyBytesMax = parts.rules.bodyBytesMax;
    parts.store.attempts.add(this);
  }

  get url(): string {
    return this.#question.url;
  }

  judge(status: number, fields: FieldList, environ: Exchange['environ']): Verdict {
    const { entry } = this.#question;
    if (entry !== null) {
      if (status === 304) return this.#freshen(entry, fields);
      const rescued = FAILURES.has(status) ? this.rescue() : null;
      if (rescued !== null) return { kind: 'use', ...rescued };
    }
    return this.#question.isKeptOut ? { kind: 'pass' } : this.#record(status, fields, environ);
  }

  rescue(): { entry: Entry; why: string } | null {
    const { entry } = this.#question;
    if (entry === null || entry.freshMs(this.#parts.store.nowMs()) <= -entry.head.staleIfErrorMs) return null;
    this.#parts.store.counts.requests.stale++;
    return { entry, why: 'hit' };
  }

  answer(leader: Exchange, entry: Entry, why: string): void {
    const { store, rules } = this.#parts;
    const now = store.nowMs();
    if (why === 'hit') return answerFrom(leader, entry, entry.fieldsAt(now, rules.hasStatusField), false);
    const age = ['Age', String(Math.floor(entry.ageMs(now) / 1000))];
    const status = rules.hasStatusField ? ['Cache-Status', `vivarium; fwd=${this.#why}; ${why}`] : [];
    answerFrom(leader, entry, [...entry.head.fields, ...age, ...status], false);
  }

  claim(bytes: number): boolean {
    this.#claimedBytes += bytes;
    this.#parts.store.recordingBytes += bytes;
    return this.#parts.store.recordingBytes <= this.#parts.store.memory.bytesMax;
  }

  settle(entry: Entry | null): void {
    const { store, flights } = this.#parts;
    store.recordingBytes -= this.#claimedBytes;
    this.#claimedBytes = 0;
    store.attempts.delete(this);
    if (this.#flightKey === null) return;
    const isForAll = entry !== null && (entry.freshMs(store.nowMs()) > 0 || entry === this.#question.entry);
    flights.finish(this.#flightKey, isForAll && !this.isOutdated ? entry : null);
  }

  isAwaited(): boolean {
    return this.#flightKey !== null && this.#parts.flights.isAwaited(this.#flightKey);
  }

  passedFields(fields: FieldList, isStored: boolean): FieldList {
    // It was for us.
    const isOurs = (name: string) => name.length === 15 && name.toLowerCase() === 'x-accel-expires';
    const passed = fields.filter((_, i) => !isOurs(fields[i - (i % 2)]!));
    if (this.#parts.rules.hasStatusField)
      passed.push('Cache-Status', `vivarium; fwd=${this.#why}${isStored ? '; stored' : ''}`);
    return passed;
  }

  #record(status: number, fields: FieldList, environ: Exchange['environ']): Verdict {
    const { rules, uncacheable, store } = this.#parts;
    const { exchange, traits, key, url, entry } = this.#question;
    const receivedAtMs = store.nowMs();
    const isPersonal = isAuthorized(environ, traits);
    const asked = { isAuthorized: isPersonal, sentAtMs: this.#sentAtMs, receivedAtMs };
    const policy = policyOf(status, fields, asked, rules);
    if (policy === null) {
      // An error passes, and what is not for others says nothing about what they get.
      if (status >= 500 || isPersonal) return { kind: 'pass' };
      if (entry !== null) store.remove(entry);
      uncacheable.set(key, receivedAtMs + UNCACHEABLE_MS);
      return { kind: 'pass' };
    }
    uncacheable.delete(key);
    const { fields: requestFields } = exchange.request;
    const head = entryHead({ key, url, fields: requestFields }, status, fields, policy, receivedAtMs);
    if (!maySend(status, head.fields)) return { kind: 'pass' };
    const declared = policy.facts.contentLength;
    return {
      kind: 'record',
      store: (body) => {
        // Something is missing: it is not the answer (RFC 9111, section 3.3).
        if (declared !== null && declared !== String(body.length)) return null;
        return this.#keep(new Entry(head, body));
      },
    };
  }

  /** The stored response is right as it is, with the fields of the 304 (RFC 9111, section 4.3.4). */
  #freshen(entry: Entry, news: FieldList): Verdict {
    const { rules, store } = this.#parts;
    const { head, body } = entry;
    const receivedAtMs = store.nowMs();
    const fields = updatedFields(head.fields, news);
    const asked = { isAuthorized: false, sentAtMs: this.#sentAtMs, receivedAtMs };
    const policy = policyOf(head.status, fields, asked, rules);
    this.#parts.store.counts.requests.revalidated++;
    const why = 'fwd-status=304';
    if (policy === null || !maySend(head.status, keptFields(fields, policy, receivedAtMs))) {
      store.remove(entry);
      return { kind: 'use', entry, why };
    }
    const { fields: requestFields } = this.#question.exchange.request;
    const names = { key: head.key, url: head.url, fields: requestFields };
    const fresh = new Entry(entryHead(names, head.status, fields, policy, receivedAtMs), body);
    return { kind: 'use', entry: this.#keep(fresh), why };
  }

  #keep(entry: Entry): Entry {
    if (this.isOutdated) return entry;
    this.#parts.store.put(entry);
    this.#parts.store.counts.stored++;
    return entry;
  }
}
