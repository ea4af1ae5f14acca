/** The base 64 of crypt(3): another alphabet than MIME's, and the lowest bits first. */

const ALPHABET = './0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The bytes of `digest` at the indexes of each row, the first of a row being the highest; -1 is a zero byte. */
export function crypt64(digest: Uint8Array, rows: readonly (readonly number[])[]): string {
  return rows.map((row) => encodeRow(digest, row)).join('');
}

function encodeRow(digest: Uint8Array, row: readonly number[]): string {
  let bits = row.reduce((sum, index) => (sum << 8) | (index < 0 ? 0 : digest[index]!), 0);
  const used = row.filter((index) => index >= 0).length;
  let text = '';
  for (let i = 0; i < used + 1; i++) {
    text += ALPHABET[bits & 63];
    bits >>= 6;
  }
  return text;
}

/** `length` random characters of the alphabet, from as many random bytes. */
export function salt64(random: Uint8Array): string {
  return Array.from(random, (byte) => ALPHABET[byte & 63]).join('');
}
