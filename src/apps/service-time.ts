/**
 * The estimate of how long the application takes for a request, in microseconds. Long times are clipped, so that
 * a few slow requests do not end batching for all the fast ones.
 */

/** Predicted work that may wait on one channel. */
export const BATCH_US = 1_000;
const BATCH_MAX = 64;
/** An application that is new here is treated as slow: one request a thread. */
const INITIAL_US = BATCH_US;

export class ServiceTime {
  #us = INITIAL_US;

  get us(): number {
    return this.#us;
  }

  /** `count` requests were answered in `elapsedMs`. */
  observe(elapsedMs: number, count: number): void {
    const sample = Math.min((elapsedMs * 1000) / count, BATCH_US);
    this.#us += (sample - this.#us) * Math.min(0.5, count / 32);
  }

  /** How many requests one channel may hold. */
  get batch(): number {
    return Math.max(1, Math.min(BATCH_MAX, Math.floor(BATCH_US / this.#us)));
  }
}
