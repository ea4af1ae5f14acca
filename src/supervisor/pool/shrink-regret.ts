/** How long to wait before the first of the workers that were added is stopped: longer when the last ones were missed soon. */
import type { Clock } from '../clock.ts';

/** Workers that are missed within so many intervals should not have been stopped. */
const SOON = 10;
const FACTOR_MAX = 16;

export class ShrinkRegret {
  readonly #intervalMs: number;
  readonly #clock: Clock;
  #shrunkAtMs = Number.NEGATIVE_INFINITY;
  /** The last change was one to more workers. */
  #hasGrown = false;
  #factor = 1;

  constructor(intervalMs: number, clock: Clock) {
    this.#intervalMs = intervalMs;
    this.#clock = clock;
  }

  get waitMs(): number {
    return this.#intervalMs * (this.#hasGrown ? this.#factor : 1);
  }

  grown(): void {
    const sinceMs = this.#clock.now() - this.#shrunkAtMs;
    if (this.#hasGrown) return;
    this.#hasGrown = true;
    this.#factor = sinceMs < SOON * this.#intervalMs ? Math.min(2 * this.#factor, FACTOR_MAX) : 1;
  }

  shrunk(): void {
    this.#hasGrown = false;
    this.#shrunkAtMs = this.#clock.now();
  }
}
