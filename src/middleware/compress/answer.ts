/** Which answers are compressed, and what that changes in their header fields. */
import type { CompressSettings } from '../../config/sections/compress.ts';
import type { FieldList, Request } from '../../exchange.ts';

/** What the header fields say about compressing. */
export interface Described {
  /** It is compressed already, a part of something, or must go as it is. */
  readonly isFixed: boolean;
  /** The media type in lower case, without parameters; '' for none. */
  readonly type: string;
  /** Content-Length; null when there is none that can be read. */
  readonly length: number | null;
}

/** Fields that say something of the very bytes that are sent. */
const FIXING = new Set(['content-encoding', 'content-range', 'content-md5', 'content-digest', 'digest']);

export function describe(fields: FieldList): Described {
  let isFixed = false;
  let type = '';
  let length: number | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    if (name === 'content-type') type = value.split(';', 1)[0]!.trim().toLowerCase();
    else if (name === 'content-length') length = /^\d{1,15}$/.test(value) ? Number(value) : null;
    else if (name === 'cache-control') isFixed ||= /(^|,)[ \t]*no-transform[ \t]*(,|$)/i.test(value);
    else if (FIXING.has(name)) isFixed = true;
  }
  return { isFixed, type, length };
}

/** Types that were asked about before; applications have a handful. */
const REMEMBERED_MAX = 500;

/** Could an answer of that type be compressed? */
export function typeTest({ types }: CompressSettings): (type: string) => boolean {
  const escaped = types.map((type) => type.replace(/[.+]/g, '\\$&').replaceAll('*', '[^/]*'));
  const pattern = new RegExp(`^(${escaped.join('|')})$`);
  const remembered = new Map<string, boolean>();
  return (type) => {
    let isOne = remembered.get(type);
    if (isOne === undefined) {
      isOne = pattern.test(type);
      if (remembered.size < REMEMBERED_MAX) remembered.set(type, isOne);
    }
    return isOne;
  };
}

/** Of an answer whose bytes are compressed on their way. */
export function compressedFields(fields: FieldList, coding: string): string[] {
  const changed: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    const lower = name.toLowerCase();
    // Ranges of what is compressed anew for each client would be of different bytes each time.
    if (lower === 'content-length' || lower === 'accept-ranges') continue;
    changed.push(name, lower === 'etag' ? weak(value) : value);
  }
  changed.push('Content-Encoding', coding);
  return withVary(changed);
}

/** Two encoders, or two versions of one, make different bytes of the same text (RFC 9110, section 8.8.3.3). */
function weak(etag: string): string {
  return etag.startsWith('"') ? `W/${etag}` : etag;
}

/** Caches are told that the answer depends on Accept-Encoding, also when this one was not compressed. */
export function withVary(fields: FieldList): string[] {
  const changed = [...fields];
  let last = -1;
  for (let i = 0; i < changed.length; i += 2) {
    if (changed[i]!.toLowerCase() !== 'vary') continue;
    if (/(^|,)[ \t]*(\*|accept-encoding)[ \t]*(,|$)/i.test(changed[i + 1]!)) return changed;
    last = i;
  }
  if (last < 0 || changed[last + 1]!.trim() === '') changed.push('Vary', 'Accept-Encoding');
  else changed[last + 1] += ', Accept-Encoding';
  return changed;
}

/**
 * A client that asks about the entity tag of a compressed answer, which we have weakened, is told "not modified" with that
 * same tag. What the handler says of other headers stays.
 */
export function notModifiedFields(fields: FieldList, request: Request): FieldList {
  const asked = request.fields.joined('if-none-match');
  if (asked === null) return fields;
  const at = fields.findIndex((name, i) => i % 2 === 0 && name.toLowerCase() === 'etag');
  if (at < 0 || !fields[at + 1]!.startsWith('"') || !asked.includes(weak(fields[at + 1]!))) return fields;
  const changed = [...fields];
  changed[at + 1] = weak(changed[at + 1]!);
  return withVary(changed);
}
