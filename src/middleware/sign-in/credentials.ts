/** The credentials of Basic authentication (RFC 7617). */
import type { RequestFields } from '../../fields.ts';

export interface Credentials {
  /** Latin-1: one character is one byte. */
  readonly user: string;
  readonly password: Buffer;
}

const BASIC = /^basic +([A-Za-z\d+/]+={0,2})$/i;

/** The one Authorization field of a request; null when there is none, or several. */
export function authorizationOf(fields: RequestFields): string | null {
  const first = fields.get('authorization');
  return first === fields.joined('authorization') ? first : null;
}

/** `authorization`: the value of the field. Null when it holds none. */
export function parseCredentials(authorization: string): Credentials | null {
  const [, encoded] = BASIC.exec(authorization) ?? [];
  if (encoded === undefined) return null;
  const decoded = Buffer.from(encoded, 'base64');
  const colon = decoded.indexOf(0x3a);
  // Neither part may have control characters (section 2), and nobody is called nothing.
  if (colon < 1 || decoded.some((byte) => byte < 0x20 || byte === 0x7f)) return null;
  return { user: decoded.latin1Slice(0, colon), password: decoded.subarray(colon + 1) };
}
