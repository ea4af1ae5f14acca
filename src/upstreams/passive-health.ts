/**
 * What the requests themselves tell about a server, as nginx counts (max_fails, fail_timeout, slow_start): after so many
 * failures within a time it gets none for that time; then it is tried again, and comes back slowly if asked to.
 */
export interface PassiveSettings {
  /** 0: failures are not counted. */
  readonly maxFails: number;
  readonly failTimeoutMs: number;
  /** Time in which a server that has come back, or is new, comes to its full weight; 0: at once. */
  readonly slowStartMs: number;
}

export class PassiveHealth {
  readonly #settings: PassiveSettings;
  #fails = 0;
  #firstFailAt = 0;
  /** No requests before this; 0 while all is well. */
  #downUntil = 0;
  /** When it came (back), for the slow start. */
  #backAt = Number.NEGATIVE_INFINITY;

  constructor(settings: PassiveSettings) {
    this.#settings = settings;
  }

  isAvailable(now: number): boolean {
    return this.#downUntil === 0 || now >= this.#downUntil;
  }

  /** Part of its weight that it should get, above 0, up to 1. */
  shareNow(now: number): number {
    const { slowStartMs } = this.#settings;
    if (slowStartMs === 0 || now - this.#backAt >= slowStartMs) return 1;
    return Math.max(0.01, (now - this.#backAt) / slowStartMs);
  }

  /** Returns true when the server is to get no requests from now on, and got some before. */
  failed(now: number): boolean {
    const { maxFails, failTimeoutMs } = this.#settings;
    if (maxFails === 0) return false;
    const wasDown = this.#downUntil !== 0;
    if (now - this.#firstFailAt > failTimeoutMs) this.#fails = 0;
    if (this.#fails++ === 0) this.#firstFailAt = now;
    // One that was tried again after its time has no more than this one try.
    if (!wasDown && this.#fails < maxFails) return false;
    this.#downUntil = now + failTimeoutMs;
    return !wasDown;
  }

  /** Returns true when it had been without requests. */
  succeeded(now: number): boolean {
    this.#fails = 0;
    if (this.#downUntil === 0) return false;
    this.#downUntil = 0;
    this.cameBack(now);
    return true;
  }

  cameBack(now: number): void {
    this.#backAt = now;
  }
}
