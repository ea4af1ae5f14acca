/** What a client says in an Authorization field of Digest authentication (RFC 7616, section 3.4). */

export interface DigestAuthorization {
  /** Latin-1: one character is one byte. With `isUserHashed` a hash of the name, in hex digits. */
  readonly user: string;
  readonly isUserHashed: boolean;
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string;
  readonly uri: string;
  /** MD5 when it names none. */
  readonly algorithm: string;
  /** Its own random text. */
  readonly clientNonce: string;
  /** How often it has used the nonce: 8 hex digits. */
  readonly count: string;
  /** Hex digits in lower case. */
  readonly response: string;
}

const DIGEST = /^digest[\t ]+/i;
/** One parameter and the comma behind it. */
const PARAMETER =
  /[\t ]*([!#$%&'*+.^`|~\w-]+)[\t ]*=[\t ]*(?:"((?:[^"\\]|\\.)*)"|([!#$%&'*+.^`|~\w-]+))[\t ]*(?:,|$)/y;
/** Of RFC 8187. */
const EXTENDED = /^UTF-8'[\w-]*'((?:%[\da-f]{2}|[!#$&+.^`|~\w-])+)$/i;
const CONTROL = /[\0-\x1f\x7f]/;
/** It is sent back, in quotes. */
const CLIENT_NONCE = /^[ !#-[\]-~]{1,256}$/;
const COUNT = /^[\da-f]{8}$/i;
const RESPONSE = /^[\da-f]{32,64}$/i;

/** Null when it is none that could be right: not of Digest, incomplete, without qop=auth, or against the grammar. */
export function parseDigestAuthorization(value: string): DigestAuthorization | null {
  const start = DIGEST.exec(value)?.[0].length;
  const found = start === undefined ? null : parameters(value, start);
  if (found === null) return null;
  const get = (name: string) => found.get(name) ?? '';
  const user = userOf(found);
  const [clientNonce, count, response] = [get('cnonce'), get('nc'), get('response')];
  if (user === null || get('qop').toLowerCase() !== 'auth' || get('nonce') === '' || get('uri') === '')
    return null;
  if (!CLIENT_NONCE.test(clientNonce) || !COUNT.test(count) || !RESPONSE.test(response)) return null;
  return {
    user,
    isUserHashed: get('userhash').toLowerCase() === 'true',
    realm: get('realm'),
    nonce: get('nonce'),
    opaque: get('opaque'),
    uri: get('uri'),
    algorithm: found.get('algorithm') ?? 'MD5',
    clientNonce,
    count,
    response: response.toLowerCase(),
  };
}

/** By name, in lower case. Null where one is there twice, or something is no parameter. */
function parameters(value: string, start: number): Map<string, string> | null {
  const found = new Map<string, string>();
  PARAMETER.lastIndex = start;
  while (PARAMETER.lastIndex < value.length) {
    const match = PARAMETER.exec(value);
    if (match === null) return null;
    const name = match[1]!.toLowerCase();
    if (found.has(name)) return null;
    found.set(name, match[3] ?? match[2]!.replace(/\\(.)/g, '$1'));
  }
  return found;
}

/** Null: nobody, or nobody who can be: no control characters, as for the others who sign in. */
function userOf(found: ReadonlyMap<string, string>): string | null {
  const [plain, extended] = [found.get('username'), found.get('username*')];
  if ((plain === undefined) === (extended === undefined)) return null;
  const user = plain ?? decodeExtended(extended!);
  return user === null || user === '' || CONTROL.test(user) ? null : user;
}

function decodeExtended(value: string): string | null {
  const encoded = EXTENDED.exec(value)?.[1];
  return encoded?.replace(/%(..)/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))) ?? null;
}
