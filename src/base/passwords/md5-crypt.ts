/** MD5-crypt: `$apr1$` of Apache's htpasswd, and `$1$` of old Unix systems, which differs only in its name. */
import { createHash } from 'node:crypto';
import { crypt64 } from './crypt64.ts';

const ROUNDS = 1_000;
const ORDER = [
  [0, 6, 12],
  [1, 7, 13],
  [2, 8, 14],
  [3, 9, 15],
  [4, 10, 5],
  [-1, -1, 11],
];

/** `magic`: `$apr1$` or `$1$`; `salt`: up to 8 characters. The whole text of the hash. */
export function md5Crypt(password: Buffer, magic: string, salt: string): string {
  const md5 = (...parts: (Uint8Array | string)[]) => {
    const hash = createHash('md5');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const alternate = md5(password, salt, password);
  const parts: (Uint8Array | string)[] = [password, magic, salt];
  for (let left = password.length; left > 0; left -= 16)
    parts.push(alternate.subarray(0, Math.min(16, left)));
  // The first character of the password where the author meant a byte of the digest: kept by all who came after.
  for (let bits = password.length; bits > 0; bits >>= 1)
    parts.push(bits & 1 ? '\0' : password.subarray(0, 1));
  let digest = md5(...parts);
  for (let round = 0; round < ROUNDS; round++) {
    digest = md5(
      round & 1 ? password : digest,
      round % 3 === 0 ? '' : salt,
      round % 7 === 0 ? '' : password,
      round & 1 ? digest : password,
    );
  }
  return `${magic}${salt}$${crypt64(digest, ORDER)}`;
}
