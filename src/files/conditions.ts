/** Conditional requests: RFC 9110, section 13. Dates are whole seconds. */
import { parseHttpDate } from '../base/http-date.ts';
import type { RequestFields } from '../fields.ts';
import type { Representation } from './representation.ts';

export type Verdict = 'proceed' | 'not-modified' | 'precondition-failed';

type Validators = Pick<Representation, 'etag' | 'lastModifiedMs'>;

/** One look at the names spares most requests the questions below. */
export function mayBeConditional(fields: RequestFields): boolean {
  const { names } = fields;
  for (let i = 0; i < names.length; i++) {
    const { lower } = names[i]!;
    if (lower.startsWith('if-') || lower === 'range') return true;
  }
  return false;
}

/** In the order of RFC 9110, section 13.2.2, for GET and HEAD. */
export function evaluateConditions(fields: RequestFields, file: Validators): Verdict {
  const ifMatch = fields.joined('if-match');
  if (ifMatch !== null) {
    if (!listsTag(ifMatch, file.etag, 'strong')) return 'precondition-failed';
  } else {
    const unmodifiedSince = date(fields, 'if-unmodified-since');
    if (unmodifiedSince !== null && isLater(file, unmodifiedSince)) return 'precondition-failed';
  }
  const ifNoneMatch = fields.joined('if-none-match');
  if (ifNoneMatch !== null) return listsTag(ifNoneMatch, file.etag, 'weak') ? 'not-modified' : 'proceed';
  const modifiedSince = date(fields, 'if-modified-since');
  const hasDate = modifiedSince !== null && file.lastModifiedMs !== null;
  return hasDate && !isLater(file, modifiedSince) ? 'not-modified' : 'proceed';
}

/** May Range be obeyed? Without If-Range yes; otherwise the client must hold this very file (section 13.1.5). */
export function allowsRange(fields: RequestFields, file: Validators): boolean {
  const ifRange = fields.joined('if-range');
  if (ifRange === null) return true;
  if (ifRange.startsWith('"') || ifRange.startsWith('W/'))
    return ifRange === file.etag && !ifRange.startsWith('W/');
  const date = parseHttpDate(ifRange);
  return date !== null && date === file.lastModifiedMs;
}

function isLater({ lastModifiedMs }: Validators, timeMs: number): boolean {
  return lastModifiedMs !== null && lastModifiedMs > timeMs;
}

/** A date that cannot be read, or one that was sent twice, is no condition. */
function date(fields: RequestFields, lower: string): number | null {
  const text = fields.joined(lower);
  return text === null ? null : parseHttpDate(text);
}

const ENTITY_TAG = /(W\/)?("[\x21\x23-\x7e\x80-\xff]*")/g;

/** Weak comparison looks past `W/`; with strong comparison a weak tag matches nothing (section 8.8.3.2). */
function listsTag(list: string, etag: string | null, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true;
  if (etag === null) return false;
  const isWeak = etag.startsWith('W/');
  const opaque = isWeak ? etag.slice(2) : etag;
  for (const [, weak, tag] of list.matchAll(ENTITY_TAG)) {
    if (tag === opaque && (comparison === 'weak' || (weak === undefined && !isWeak))) return true;
  }
  return false;
}
