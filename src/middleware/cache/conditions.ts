/** What a GET or HEAD gets of a whole response that is at hand: all of it, 304, or a part (RFC 9110, sections 13 and 14). */
import { parseHttpDate } from '../../base/http-date.ts';
import type { Exchange, FieldList, Request } from '../../exchange.ts';
import type { Entry } from './entry.ts';

/** Sends it. The usual request, without a condition, gets the frozen list itself. */
export function answerFrom(exchange: Exchange, entry: Entry, fields: FieldList, isPlain: boolean): void {
  const { head, body } = entry;
  if (isPlain || head.status !== 200) return exchange.respond(head.status, fields, body);
  const { request } = exchange;
  if (isUnmodified(request, entry)) return exchange.respond(304, fieldsOf304(fields), '');
  const range = requestedRange(request, entry);
  if (range === null) return exchange.respond(200, fields, body);
  if (range === 'unsatisfiable') {
    const text = ['Content-Type', 'text/plain; charset=utf-8', 'Content-Range', `bytes */${body.length}`];
    return exchange.respond(416, text, '416 Range Not Satisfiable\n');
  }
  const position = ['Content-Range', `bytes ${range.start}-${range.end - 1}/${body.length}`];
  exchange.respond(206, [...fields, ...position], body.subarray(range.start, range.end));
}

/** If-None-Match counts before If-Modified-Since (section 13.2.2). */
export function isUnmodified({ fields }: Request, entry: Entry): boolean {
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

interface ByteRange {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** Null: the whole. Of several ranges the whole is sent, as it may be: they are rare, and an old way to attack. */
function requestedRange(
  { method, fields }: Request,
  { head, body }: Entry,
): ByteRange | 'unsatisfiable' | null {
  const field = method === 'GET' ? fields.joined('range') : null;
  if (field === null || body.length === 0) return null;
  const condition = fields.joined('if-range');
  if (
    condition !== null &&
    !(condition === head.etag && condition.startsWith('"')) &&
    condition !== head.lastModified
  )
    return null;
  const [, first, last] = /^bytes=(\d{0,15})-(\d{0,15})$/i.exec(field.replaceAll(' ', '')) ?? [];
  if (first === undefined || (first === '' && last === '')) return null;
  if (first === '') {
    const start = Math.max(0, body.length - Number(last));
    return start < body.length ? { start, end: body.length } : 'unsatisfiable';
  }
  const start = Number(first);
  const end = last === '' ? body.length : Math.min(Number(last) + 1, body.length);
  if (last !== '' && Number(last) < start) return null;
  return start < body.length ? { start, end } : 'unsatisfiable';
}
