/**
 * Links that only whoever has the secret can make: `/file?expires=1795229262&signature=…`. The signature is the
 * HMAC-SHA256, in base64url, of everything before it: path and query as they are sent.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Behind it stands the signature, and nothing else. */
const SIGNATURE = /[?&]signature=([\w-]{43})$/;
const EXPIRES = /[?&]expires=(\d{1,12})$/;

export const SECRET_CHARACTERS_MIN = 16;

/** `target`: path and query, without a fragment. `expiresAtMs`: null for never. */
export function signLink(target: string, secret: string, expiresAtMs: number | null): string {
  const expiring =
    expiresAtMs === null ? target : withParameter(target, 'expires', String(Math.floor(expiresAtMs / 1_000)));
  return withParameter(expiring, 'signature', signatureOf(expiring, secret));
}

export type LinkState = 'good' | 'expired' | 'wrong';

/** `target`: as it came. One of the secrets must have been used. */
export function checkLink(target: string, secrets: readonly string[], nowMs: number): LinkState {
  const found = SIGNATURE.exec(target);
  if (found === null) return 'wrong';
  const signed = target.slice(0, found.index);
  const given = Buffer.from(found[1]!);
  // Each is tried, so that the time says nothing of which one it was.
  const matches = secrets.filter((secret) =>
    timingSafeEqual(given, Buffer.from(signatureOf(signed, secret))),
  );
  if (matches.length === 0) return 'wrong';
  const [, expires] = EXPIRES.exec(signed) ?? [];
  return expires !== undefined && Number(expires) * 1_000 <= nowMs ? 'expired' : 'good';
}

/** One on each line; those that are too short, empty lines and comments are none. */
export function parseSecrets(content: string): string[] {
  const lines = content.split('\n').map((line) => line.trim());
  return lines.filter((line) => line.length >= SECRET_CHARACTERS_MIN && !line.startsWith('#'));
}

function signatureOf(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text, 'latin1').digest('base64url');
}

function withParameter(target: string, name: string, value: string): string {
  return `${target}${target.includes('?') ? '&' : '?'}${name}=${value}`;
}
