/**
 * Credentials that were found right a short while ago, so that not every request of a browser costs a check of its
 * password. Neither passwords nor anything they could be guessed from are kept: only a digest with a key that this
 * process has made up, and the hash they were checked against. When the hash is another one, they are unknown again.
 */
import { createHmac, randomBytes } from 'node:crypto';

const KNOWN_MS = 600_000;
const KNOWN_MAX = 10_000;

interface Known {
  readonly hash: string;
  readonly untilMs: number;
}

export class KnownCredentials {
  readonly #key = randomBytes(32);
  /** Those that were checked longest ago first. */
  readonly #known = new Map<string, Known>();

  /** What stands for an Authorization field. */
  digest(authorization: string): string {
    return createHmac('sha256', this.#key).update(authorization, 'latin1').digest('latin1');
  }

  /** `hash`: what the file has for the user now. `now`: of a clock that never goes back, in ms. */
  has(digest: string, hash: string, now: number): boolean {
    const known = this.#known.get(digest);
    return known !== undefined && known.hash === hash && now < known.untilMs;
  }

  add(digest: string, hash: string, now: number): void {
    this.#known.delete(digest);
    this.#known.set(digest, { hash, untilMs: now + KNOWN_MS });
    if (this.#known.size <= KNOWN_MAX) return;
    const [oldest] = this.#known.keys();
    this.#known.delete(oldest!);
  }
}
