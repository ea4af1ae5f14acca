/**
 * A worker that cannot load its application says why to the gateway, and then exits with a status of its own. The two
 * pieces of news reach us on different ways and in any order; here the exit is held back until the reason is known.
 */
import type { Cancel, Clock } from '../clock.ts';

/** Exit status of a worker whose application could not be loaded (python/vivarium/worker.py has it too). */
const NOT_LOADED = 3;
/** There may be no gateway to report to. */
const REASON_WAIT_MS = 2000;

export class LoadVerdicts {
  readonly #clock: Clock;
  /** Workers whose exit is held back. */
  readonly #held = new Map<number, { readonly release: () => void; readonly cancelWait: Cancel }>();
  /** Workers whose reason is known and whose exit is not. */
  readonly #explained = new Set<number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls `release` now, or when the reason has come or is not to be expected any more. */
  exited(worker: number, status: number | null, release: () => void): void {
    if (this.#explained.delete(worker) || status !== NOT_LOADED) {
      release();
      return;
    }
    const cancelWait = this.#clock.after(REASON_WAIT_MS, () => {
      this.#held.delete(worker);
      release();
    });
    this.#held.set(worker, { release, cancelWait });
  }

  /** To be called when the reason has been dealt with. */
  explained(worker: number): void {
    const held = this.#held.get(worker);
    if (held === undefined) {
      this.#explained.add(worker);
      return;
    }
    this.#held.delete(worker);
    held.cancelWait();
    held.release();
  }
}
