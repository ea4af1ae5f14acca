/** What a response says about caching, read from its fields in one pass. Duplicate lines are joined (RFC 9110, section 5.3). */
import type { FieldList } from '../../exchange.ts';

const FACTS = {
  'cache-control': 'cacheControl',
  'cdn-cache-control': 'cdnCacheControl',
  'x-accel-expires': 'accelExpires',
  expires: 'expires',
  date: 'date',
  age: 'age',
  vary: 'vary',
  etag: 'etag',
  'last-modified': 'lastModified',
  'content-length': 'contentLength',
  'set-cookie': 'setCookie',
  connection: 'connection',
  'cache-tag': 'cacheTag',
  xkey: 'xkey',
} as const;

export type ResponseFacts = { [K in (typeof FACTS)[keyof typeof FACTS]]: string | null };

const NOTHING = Object.freeze(
  Object.fromEntries(Object.values(FACTS).map((name) => [name, null])),
) as unknown as ResponseFacts;

export function readFacts(fields: FieldList): ResponseFacts {
  const facts = { ...NOTHING };
  for (let i = 0; i < fields.length; i += 2) {
    const fact = (FACTS as Record<string, keyof ResponseFacts | undefined>)[fields[i]!.toLowerCase()];
    if (fact === undefined) continue;
    const before = facts[fact];
    facts[fact] = before === null ? fields[i + 1]! : `${before}, ${fields[i + 1]}`;
  }
  return facts;
}

/** The labels a response can be purged by: `Cache-Tag: a, b` and `xkey: a b`. */
export function tagsOf({ cacheTag, xkey }: ResponseFacts): readonly string[] {
  if (cacheTag === null && xkey === null) return [];
  return [...(cacheTag ?? '').split(','), ...(xkey ?? '').split(/[\s,]+/)]
    .map((tag) => tag.trim())
    .filter((tag) => tag !== '')
    .slice(0, TAGS_MAX);
}

const TAGS_MAX = 200;
