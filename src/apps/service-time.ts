/**
 * The estimate of how long the application takes for a request, in microseconds. Long times are clipped, so that
 * a few slow requests do not end batching for all the fast ones.
 */

/** Predicted work that may wait on one channel. */
export const BATCH_US = 1_000;
const BATCH_MAX = 64;
/** The share of a processor from which a process counts as busy; the rest is for the others on this machine. */
const BUSY_SHARE = 0.5;
/** An application that is new here is treated as slow: one request a thread. */
const INITIAL_US = BATCH_US;

export class ServiceTime {
  #us = INITIAL_US;
  /** How much of the latest work was done by busy processes: 0 to 1. */
  #busy = 0;

  get us(): number {
    return this.#us;
  }

  /**
   * A thread has answered `count` requests in `wallUs`, `cpuUs` of it at work, while `threads` of its process had
   * requests. Threads share the interpreter: when together they keep it busy, a thread has waited for the others and
   * not for a database, and more threads would bring nothing. Then what counts is the work alone.
   */
  observe(count: number, cpuUs: number, wallUs: number, threads: number): void {
    const isBusy = cpuUs * threads >= wallUs * BUSY_SHARE;
    const sample = Math.min((isBusy ? cpuUs : wallUs) / count, BATCH_US);
    const weight = Math.min(0.5, count / 32);
    this.#us += (sample - this.#us) * weight;
    this.#busy += ((isBusy ? 1 : 0) - this.#busy) * weight;
  }

  /** Requests work and do not wait: a second thread of the same process would only take turns with the first. */
  get isBusy(): boolean {
    return this.#busy > 0.5;
  }

  /** How many requests one channel may hold. */
  get batch(): number {
    return Math.max(1, Math.min(BATCH_MAX, Math.floor(BATCH_US / this.#us)));
  }
}
