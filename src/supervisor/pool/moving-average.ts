/** The average of a figure over time, in which what is long ago counts less and less. */
import type { Clock } from '../clock.ts';

export class MovingAverage {
  readonly #timeConstantMs: number;
  readonly #clock: Clock;
  #average = 0;
  #latest = 0;
  #atMs: number;

  constructor(timeConstantMs: number, clock: Clock) {
    this.#timeConstantMs = timeConstantMs;
    this.#clock = clock;
    this.#atMs = clock.now();
  }

  /** The figure is `value` from now until the next call. */
  add(value: number): void {
    this.#average = this.value;
    this.#atMs = this.#clock.now();
    this.#latest = value;
  }

  get value(): number {
    const part = Math.exp((this.#atMs - this.#clock.now()) / this.#timeConstantMs);
    return this.#latest + (this.#average - this.#latest) * part;
  }
}
