/**
 * htdigest files, `USER:REALM:HASH` on each line, as Apache's htdigest writes them (MD5, 32 hex digits) and with the
 * SHA-256 of RFC 7616 (64). The hash is of `USER:REALM:PASSWORD`; who has it can sign in, as with a password.
 * Everything is latin-1: one character is one byte.
 */
import { createHash } from 'node:crypto';
import { meaningfulLines } from './htpasswd.ts';

/** As the parameter `algorithm` has them, the best first. */
export const DIGEST_ALGORITHMS = ['SHA-256', 'MD5'] as const;
export type DigestAlgorithm = (typeof DIGEST_ALGORITHMS)[number];

const NODE_NAMES = { 'SHA-256': 'sha256', MD5: 'md5' } as const;
const LENGTHS = new Map<number, DigestAlgorithm>([
  [64, 'SHA-256'],
  [32, 'MD5'],
]);
const HASH = /^[\da-f]+$/i;

export interface RealmHashes {
  /** By user, of each algorithm that the file has for the realm; the best first. */
  readonly hashes: ReadonlyMap<DigestAlgorithm, ReadonlyMap<string, string>>;
  /** What is wrong: `line 3: no user, realm and hash …`. */
  readonly mistakes: readonly string[];
}

/** Hex digits in lower case. `text`: latin-1. */
export function digestOf(algorithm: DigestAlgorithm, text: string): string {
  return createHash(NODE_NAMES[algorithm]).update(text, 'latin1').digest('hex');
}

/** Only those of the realm count; the first line of a user and an algorithm, as with Apache. */
export function parseRealmHashes(content: Buffer, realm: string): RealmHashes {
  const hashes = new Map(DIGEST_ALGORITHMS.map((one) => [one, new Map<string, string>()]));
  const realms = new Set<string>();
  const mistakes: string[] = [];
  for (const [number, line] of meaningfulLines(content)) {
    const [user = '', lineRealm = '', hash = ''] = line.split(':', 3);
    const algorithm = HASH.test(hash) ? LENGTHS.get(hash.length) : undefined;
    const users = algorithm && hashes.get(algorithm)!;
    if (user === '' || lineRealm === '' || users === undefined)
      mistakes.push(`line ${number}: no user, realm and hash (32 hex digits of MD5 or 64 of SHA-256)`);
    else if (lineRealm !== realm) realms.add(lineRealm);
    else if (users.has(user)) mistakes.push(`line ${number}: a second line for the same user`);
    else users.set(user, hash.toLowerCase());
  }
  const present = [...hashes].filter(([, users]) => users.size > 0);
  if (present.length === 0 && realms.size > 0) mistakes.push(noneOf(realm, [...realms]));
  return { hashes: new Map(present), mistakes };
}

function noneOf(realm: string, others: readonly string[]): string {
  const [found, wanted] = [others.slice(0, 3).join('", "'), realm].map(utf8);
  return `nobody of the realm "${wanted}"; the realms of the file: "${found}"${others.length > 3 ? ' and more' : ''}`;
}

function utf8(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}
