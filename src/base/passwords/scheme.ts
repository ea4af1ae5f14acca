/** The forms of password hashes that htpasswd files hold: checking a password against one, and making one. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { compareSync, hashSync } from 'bcryptjs';
import { salt64 } from './crypt64.ts';
import { md5Crypt } from './md5-crypt.ts';
import { SHA_CRYPT_ROUNDS, shaCrypt } from './sha-crypt.ts';

/** Nobody has a longer one; some forms would take long over it. */
const PASSWORD_BYTES_MAX = 1_024;
/** bcrypt reads no more. */
export const BCRYPT_BYTES_MAX = 72;
export const BCRYPT_COST = 10;
/** A check with more would take seconds. */
export const BCRYPT_COST_MAX = 15;
const SHA_CRYPT_ROUNDS_MAX = 500_000;

const BCRYPT = /^\$2[aby]\$(\d\d)\$[./A-Za-z\d]{53}$/;
const MD5_CRYPT = /^(\$apr1\$|\$1\$)([^$:]{0,8})\$[./A-Za-z\d]{22}$/;
const SHA_CRYPT = /^\$([56])\$(?:rounds=(\d{4,9})\$)?([^$:]{0,16})\$(?:[./A-Za-z\d]{43}|[./A-Za-z\d]{86})$/;
const SHA = /^\{SHA\}([A-Za-z\d+/]{27}=)$/;
const SALTED_SHA = /^\{SSHA\}([A-Za-z\d+/]{28,}={0,2})$/;

/** Can a password be checked against it? Null when it can, else why not. */
export function whyNoHash(hash: string): string | null {
  const cost = BCRYPT.exec(hash)?.[1];
  if (cost !== undefined)
    return Number(cost) <= BCRYPT_COST_MAX ? null : `a bcrypt cost above ${BCRYPT_COST_MAX}`;
  const sha = SHA_CRYPT.exec(hash);
  if (sha !== null)
    return Number(sha[2] ?? 0) <= SHA_CRYPT_ROUNDS_MAX ? null : `more than ${SHA_CRYPT_ROUNDS_MAX} rounds`;
  const isKnown = [MD5_CRYPT, SHA, SALTED_SHA].some((form) => form.test(hash));
  return isKnown ? null : 'no hash of bcrypt, $apr1$, $1$, $5$, $6$, {SHA} or {SSHA}';
}

/** Takes milliseconds, with bcrypt tenths of a second. `hash`: one of which whyNoHash knows nothing bad. */
export function checkPassword(hash: string, password: Buffer): boolean {
  if (password.length > PASSWORD_BYTES_MAX || password.includes(0)) return false;
  if (BCRYPT.test(hash)) return checkBcrypt(hash, password);
  const [, magic, md5Salt] = MD5_CRYPT.exec(hash) ?? [];
  if (magic !== undefined) return equal(hash, md5Crypt(password, magic, md5Salt!));
  const [, id, rounds, salt] = SHA_CRYPT.exec(hash) ?? [];
  if (id !== undefined) return checkShaCrypt(hash, password, id as '5' | '6', salt!, rounds);
  const [, sha] = SHA.exec(hash) ?? [];
  if (sha !== undefined) return equal(sha, createHash('sha1').update(password).digest('base64'));
  const [, salted] = SALTED_SHA.exec(hash) ?? [];
  return salted !== undefined && checkSaltedSha(Buffer.from(salted, 'base64'), password);
}

/** bcryptjs takes a text; bytes that are none are nobody's password. */
function checkBcrypt(hash: string, password: Buffer): boolean {
  const text = password.toString('utf8');
  return compareSync(text, hash) && Buffer.from(text, 'utf8').equals(password);
}

function checkShaCrypt(hash: string, password: Buffer, id: '5' | '6', salt: string, named?: string): boolean {
  // The specification has it so: at least 1000 rounds, whatever the hash says.
  const rounds = named === undefined ? SHA_CRYPT_ROUNDS : Math.max(1_000, Number(named));
  return equal(hash, shaCrypt(password, { id, salt, rounds, namesRounds: named !== undefined }));
}

function checkSaltedSha(digestAndSalt: Buffer, password: Buffer): boolean {
  const [digest, salt] = [digestAndSalt.subarray(0, 20), digestAndSalt.subarray(20)];
  return timingSafeEqual(digest, createHash('sha1').update(password).update(salt).digest());
}

/** In a time that says nothing of where they differ. */
function equal(a: string, b: string): boolean {
  const [bytesA, bytesB] = [Buffer.from(a), Buffer.from(b)];
  return bytesA.length === bytesB.length && timingSafeEqual(bytesA, bytesB);
}

export const METHODS = ['bcrypt', 'sha512', 'sha256', 'apr1'] as const;
export type Method = (typeof METHODS)[number];

/** `cost`: of bcrypt. */
export function hashPassword(password: Buffer, method: Method, cost = BCRYPT_COST): string {
  // $2b$ and $2y$ are the same; Apache's htpasswd and PHP know the second one.
  if (method === 'bcrypt') return hashSync(password.toString('utf8'), cost).replace(/^\$2b\$/, '$2y$');
  if (method === 'apr1') return md5Crypt(password, '$apr1$', salt64(randomBytes(8)));
  const id = method === 'sha256' ? '5' : '6';
  const salt = salt64(randomBytes(16));
  return shaCrypt(password, { id, salt, rounds: SHA_CRYPT_ROUNDS, namesRounds: false });
}
