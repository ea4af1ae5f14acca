/** When certificates are renewed. */
import type { X509Certificate } from 'node:crypto';

/** The part of its lifetime that is left then. Short-lived certificates have less time, and need no more. */
const LEFT = 1 / 3;
/** The part of its lifetime by which one is renewed earlier at random, so that not all come at once. */
const JITTER = 1 / 30;
const RETRY_MS = 60_000;
const RETRY_MAX_MS = 12 * 3600_000;

/** `random`: from 0 to 1. In ms since 1970. */
export function renewalAtMs(certificate: X509Certificate, random: number): number {
  const endMs = certificate.validToDate.getTime();
  const lifetimeMs = endMs - certificate.validFromDate.getTime();
  return endMs - lifetimeMs * (LEFT + JITTER * random);
}

/** After so many failures in a row: a minute, two, four, up to half a day, a quarter more or less. */
export function retryAfterMs(failures: number, random: number): number {
  const waitMs = Math.min(RETRY_MS * 2 ** (failures - 1), RETRY_MAX_MS);
  return waitMs * (0.75 + random / 2);
}
