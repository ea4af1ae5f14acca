/** What a GET or HEAD gets of a whole response that is at hand: all of it, 304, or a part (RFC 9110, sections 13 and 14). */
import { parseHttpDate } from '../../base/http-date.ts';
import type { Exchange, FieldList, Request } from '../../exchange.ts';
import { allowsRange } from '../../files/conditions.ts';
import { type ByteRange, contentRange, parseRanges } from '../../files/ranges.ts';
import type { Entry } from './entry.ts';

/** Sends it. The usual request, without a condition, gets the frozen list itself. */
export function answerFrom(exchange: Exchange, entry: Entry, fields: FieldList, isPlain: boolean): void {
  const { head, body } = entry;
  if (isPlain || head.status !== 200) return exchange.respond(head.status, fields, body);
  const { request } = exchange;
  if (isUnmodified(request, entry)) return exchange.respond(304, fieldsOf304(fields), '');
  const ranges = requestedRanges(request, entry);
  // Of several ranges the whole is sent, as it may be: they are rare, and an old way to attack.
  if (ranges === null || ranges.length > 1) return exchange.respond(200, fields, body);
  const [range] = ranges;
  if (range === undefined) {
    const text = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Range', `bytes */${body.length}`];
    return exchange.respond(416, text, '416 Range Not Satisfiable\n');
  }
  const position = ['Content-Range', contentRange(range, body.length)];
  exchange.respond(206, [...fields, ...position], body.subarray(range.start, range.end));
}

/**
 * If-None-Match counts before If-Modified-Since (section 13.2.2). If-Match and If-Unmodified-Since are no business of a
 * cache (RFC 9111, section 4.3.2).
 */
function isUnmodified({ fields }: Request, entry: Entry): boolean {
  const tags = fields.joined('if-none-match');
  if (tags !== null) return matches(tags, entry.head.etag);
  const since = fields.joined('if-modified-since');
  const sinceMs = since === null ? null : parseHttpDate(since);
  return sinceMs !== null && entry.modifiedMs <= sinceMs;
}

/** Weak comparison: `W/` says nothing here. */
function matches(list: string, etag: string | null): boolean {
  if (list.trim() === '*') return true;
  if (etag === null) return false;
  const opaque = etag.replace(/^W\//, '');
  const tags: readonly string[] = list.match(/"[^"]*"|[^\s,"]+/g) ?? [];
  return tags.includes(opaque);
}

const OF_THE_BODY = new Set(['content-type', 'content-encoding', 'content-language', 'content-range']);

/** Without those that describe a body (RFC 9110, section 15.4.5). */
function fieldsOf304(fields: FieldList): FieldList {
  const kept: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (!OF_THE_BODY.has(fields[i]!.toLowerCase())) kept.push(fields[i]!, fields[i + 1]!);
  }
  return kept;
}

/** Null: the whole. An empty list: there is no such part. */
function requestedRanges(
  { method, fields }: Request,
  { head, body, modifiedMs }: Entry,
): readonly ByteRange[] | null {
  const field = method === 'GET' ? fields.joined('range') : null;
  const validators = { etag: head.etag, lastModifiedMs: head.lastModified === null ? null : modifiedMs };
  return field === null || !allowsRange(fields, validators) ? null : parseRanges(field, body.length);
}
