/** The client's half of Digest authentication (RFC 7616), written from the specification: answers to challenges. */
import { createHash } from 'node:crypto';

export interface Challenge {
  readonly realm: string;
  readonly nonce: string;
  readonly opaque: string;
  readonly algorithm: string;
  readonly [name: string]: string;
}

export interface DigestAnswer {
  readonly user: string;
  readonly password: string;
  readonly target?: string;
  readonly method?: string;
  readonly count?: number;
  /** In the place of what belongs there; '' leaves it out. Values are sent as they are, quotes included. */
  readonly changes?: Readonly<Record<string, string>>;
}

/** Latin-1, as everything in a field. */
export function parseChallenge(field: string): Challenge {
  const pairs = [...field.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)];
  return Object.fromEntries(pairs.map(([, name, quoted, token]) => [name, quoted ?? token])) as Challenge;
}

/** The value of an Authorization field, in latin-1. */
export function answerChallenge(
  { realm, nonce, opaque, algorithm }: Challenge,
  { user, password, target = '/', method = 'GET', count = 1, changes = {} }: DigestAnswer,
): string {
  const hash = (text: string) =>
    createHash(algorithm === 'MD5' ? 'md5' : 'sha256')
      .update(text, 'latin1')
      .digest('hex');
  const [name, secret] = [user, password].map((text) => Buffer.from(text, 'utf8').toString('latin1'));
  const nc = count.toString(16).padStart(8, '0');
  const keyed = `${hash(`${name}:${realm}:${secret}`)}:${nonce}:${nc}:0a4f113b:auth:${hash(`${method}:${target}`)}`;
  const parameters: Record<string, string> = {
    username: `"${name}"`,
    realm: `"${realm}"`,
    nonce: `"${nonce}"`,
    uri: `"${target}"`,
    algorithm,
    qop: 'auth',
    nc,
    cnonce: '"0a4f113b"',
    response: `"${hash(keyed)}"`,
    opaque: `"${opaque}"`,
    ...changes,
  };
  const given = Object.entries(parameters).filter(([, value]) => value !== '');
  return `Digest ${given.map(([key, value]) => `${key}=${value}`).join(', ')}`;
}
