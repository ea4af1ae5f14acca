/**
 * The values of a request's fields that responses are chosen by, normalised as far as that cannot change which answer is
 * right (RFC 9111, section 4.1): so that `gzip, br` and `br,gzip` share one stored response.
 */
import { createHash } from 'node:crypto';
import type { RequestFields } from '../../fields.ts';

/** Of longer values a digest is kept: a stranger's bytes do not fill the store. */
const VALUE_MAX = 256;
const CASELESS = new Set(['accept-encoding', 'accept-language', 'accept', 'accept-charset']);

export function varyValue(fields: RequestFields, name: string): string {
  const value = fields.joined(name);
  // Not there is not the same as empty; no field value is a blank.
  if (value === null) return ' ';
  const normal = normalise(value, name);
  return normal.length > VALUE_MAX
    ? createHash('sha256').update(normal, 'latin1').digest('base64url')
    : normal;
}

function normalise(value: string, name: string): string {
  const text = CASELESS.has(name) ? value.toLowerCase() : value;
  if (!text.includes(',')) return text;
  const members = text.split(',').map((member) => member.trim());
  // Their order says nothing; that of languages should not, but there are applications that take the first.
  return (name === 'accept-encoding' ? members.sort() : members).join(',');
}
