/** A stored response: what came of one request, until when it is fresh, and as it is sent again. */
import { parseHttpDate } from '../../base/http-date.ts';
import type { FieldList } from '../../exchange.ts';
import type { RequestFields } from '../../fields.ts';
import type { Policy } from './policy.ts';
import { tagsOf } from './response-facts.ts';
import { varyValue } from './vary.ts';

/** All there is to know of it but its body: plain JSON. */
export interface EntryHead {
  readonly key: string;
  /** Scheme, host, path and query as far as it is part of the key: what purges name it by. */
  readonly url: string;
  readonly status: number;
  readonly fields: FieldList;
  readonly varyNames: readonly string[];
  /** Of the request that it answered, in the order of `varyNames`. */
  readonly varyValues: readonly string[];
  readonly tags: readonly string[];
  /** When it came, in ms since 1970, and how old it was then. */
  readonly storedAtMs: number;
  readonly initialAgeMs: number;
  readonly lifetimeMs: number;
  readonly staleWhileRevalidateMs: number;
  readonly staleIfErrorMs: number;
  readonly neverStale: boolean;
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** What an entry costs besides its body, roughly: bounds the number of entries. */
const ENTRY_BYTES = 1024;

export class Entry {
  readonly head: EntryHead;
  readonly body: Buffer;
  /** For If-Modified-Since: when the representation was changed, at the latest. */
  readonly modifiedMs: number;
  readonly #freshUntilMs: number;
  #second = -1;
  #fields: FieldList = [];

  constructor(head: EntryHead, body: Buffer) {
    this.head = head;
    this.body = body;
    this.#freshUntilMs = head.storedAtMs + head.lifetimeMs - head.initialAgeMs;
    this.modifiedMs =
      (head.lastModified === null ? null : parseHttpDate(head.lastModified)) ?? head.storedAtMs;
  }

  get weightBytes(): number {
    const { key, fields, varyValues } = this.head;
    const text = fields.reduce((sum, field) => sum + field.length, key.length * 2);
    return ENTRY_BYTES + this.body.length + varyValues.reduce((sum, value) => sum + value.length, text);
  }

  /** How long it will be fresh; negative: for how long it has been stale. */
  freshMs(nowMs: number): number {
    return this.#freshUntilMs - nowMs;
  }

  ageMs(nowMs: number): number {
    return Math.max(0, nowMs - this.head.storedAtMs) + this.head.initialAgeMs;
  }

  get isValidatable(): boolean {
    return this.head.etag !== null || this.head.lastModified !== null;
  }

  /**
   * The fields as they are sent now, with Age. Frozen and the same for the requests of one second, so that the gateway
   * may keep what it made of them.
   */
  fieldsAt(nowMs: number, hasStatusField: boolean): FieldList {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      const age = Math.floor(this.ageMs(nowMs) / 1000);
      const status = hasStatusField
        ? ['Cache-Status', hitStatus(Math.floor(this.freshMs(nowMs) / 1000))]
        : [];
      this.#fields = Object.freeze([...this.head.fields, 'Age', String(age), ...status]);
    }
    return this.#fields;
  }

  /** Was it made for a request like this one, as far as its Vary tells? */
  suits(fields: RequestFields): boolean {
    const { varyNames, varyValues } = this.head;
    for (let i = 0; i < varyNames.length; i++)
      if (varyValues[i] !== varyValue(fields, varyNames[i]!)) return false;
    return true;
  }
}

/** RFC 9211. */
function hitStatus(ttl: number): string {
  return `vivarium; hit; ttl=${ttl}`;
}

/** Never kept: they are of one connection, or made anew (RFC 9111, section 3.1). */
const NOT_KEPT = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authentication-info',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'age',
  'content-length',
  'x-accel-expires',
]);

/** The fields of a response that are kept. A Date is added where there is none: it says when the response was made. */
export function keptFields(fields: FieldList, { hidden, facts }: Policy, nowMs: number): FieldList {
  const connection = (facts.connection ?? '').toLowerCase().split(/[\s,]+/);
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const lower = fields[i]!.toLowerCase();
    if (NOT_KEPT.has(lower) || hidden.has(lower) || connection.includes(lower)) continue;
    kept.push(fields[i]!, fields[i + 1]!);
  }
  if (facts.date === null) kept.push('Date', new Date(nowMs).toUTCString());
  return kept;
}

/** What cannot be sent again must not be stored: a name that is no token, a value that would end its line. */
export function maySend(status: number, fields: FieldList): boolean {
  const isValid = (text: string, i: number) =>
    i % 2 === 0
      ? /^[!#$%&'*+.^_`|~\w-]+$/.test(text) && !NOT_KEPT.has(text.toLowerCase())
      : !/[\x00-\x08\x0a-\x1f\x7f]/.test(text);
  return status >= 200 && status <= 999 && fields.length % 2 === 0 && fields.every(isValid);
}

/** What a stored response is found by. */
export interface Names {
  readonly key: string;
  readonly url: string;
  /** Of the request that it answers. */
  readonly fields: RequestFields;
}

export function entryHead(
  names: Names,
  status: number,
  fields: FieldList,
  policy: Policy,
  nowMs: number,
): EntryHead {
  return {
    key: names.key,
    url: names.url,
    status,
    fields: keptFields(fields, policy, nowMs),
    varyNames: policy.varyNames,
    varyValues: policy.varyNames.map((name) => varyValue(names.fields, name)),
    tags: tagsOf(policy.facts),
    storedAtMs: nowMs,
    initialAgeMs: policy.initialAgeMs,
    lifetimeMs: policy.lifetimeMs,
    staleWhileRevalidateMs: policy.staleWhileRevalidateMs,
    staleIfErrorMs: policy.staleIfErrorMs,
    neverStale: policy.neverStale,
    etag: policy.facts.etag,
    lastModified: policy.facts.lastModified,
  };
}

/** Not taken from a 304: they describe the body, which is the stored one (RFC 9111, section 3.2). */
const NOT_UPDATED = new Set(['content-length', 'content-encoding', 'content-range']);

/** The fields of a stored response with those of a 304 in their place. */
export function updatedFields(stored: FieldList, news: FieldList): FieldList {
  // The age of the stored one is counted from its Date.
  const replaced = new Set(['date']);
  const added: string[] = [];
  for (let i = 0; i < news.length; i += 2) {
    const lower = news[i]!.toLowerCase();
    if (NOT_UPDATED.has(lower)) continue;
    replaced.add(lower);
    added.push(news[i]!, news[i + 1]!);
  }
  const kept: string[] = [];
  for (let i = 0; i < stored.length; i += 2) {
    if (!replaced.has(stored[i]!.toLowerCase())) kept.push(stored[i]!, stored[i + 1]!);
  }
  return [...kept, ...added];
}
