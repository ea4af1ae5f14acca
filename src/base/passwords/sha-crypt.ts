/** SHA-crypt, of glibc: `$5$` is SHA-256, `$6$` SHA-512 (https://www.akkadia.org/drepper/SHA-crypt.txt). */
import { createHash } from 'node:crypto';
import { crypt64 } from './crypt64.ts';

export interface ShaCryptParameters {
  readonly id: '5' | '6';
  /** Up to 16 characters. */
  readonly salt: string;
  readonly rounds: number;
  /** The hash names its rounds. */
  readonly namesRounds: boolean;
}

export const SHA_CRYPT_ROUNDS = 5_000;

/** The whole text of the hash. The letters are those of the specification. */
export function shaCrypt(password: Buffer, { id, salt, rounds, namesRounds }: ShaCryptParameters): string {
  const sha = (parts: readonly (Uint8Array | string)[]) => {
    const hash = createHash(id === '5' ? 'sha256' : 'sha512');
    for (const part of parts) hash.update(part);
    return hash.digest();
  };
  const b = sha([password, salt, password]);
  const aParts: (Uint8Array | string)[] = [password, salt, repeated(b, password.length)];
  for (let bits = password.length; bits > 0; bits >>= 1) aParts.push(bits & 1 ? b : password);
  const a = sha(aParts);
  const p = repeated(sha(Array.from(password, () => password)), password.length);
  const s = repeated(sha(Array.from({ length: 16 + a[0]! }, () => salt)), salt.length);
  let c = a;
  for (let round = 0; round < rounds; round++) {
    c = sha([round & 1 ? p : c, round % 3 === 0 ? '' : s, round % 7 === 0 ? '' : p, round & 1 ? c : p]);
  }
  const named = namesRounds ? `rounds=${rounds}$` : '';
  return `$${id}$${named}${salt}$${crypt64(c, id === '5' ? ORDER_256 : ORDER_512)}`;
}

function repeated(digest: Buffer, length: number): Buffer {
  return Buffer.alloc(length, digest);
}

/** Each row is the one before it, with its columns turned. */
const ORDER_256 = [...turned([0, 10, 20], 10, [2, 0, 1]), [-1, 31, 30]];
const ORDER_512 = [...turned([0, 21, 42], 21, [1, 2, 0]), [-1, -1, 63]];

function turned(first: readonly number[], rows: number, turn: readonly number[]): number[][] {
  let bases = [...first];
  return Array.from({ length: rows }, (_, row) => {
    const indexes = bases.map((base) => base + row);
    bases = turn.map((column) => bases[column]!);
    return indexes;
  });
}
