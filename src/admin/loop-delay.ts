/**
 * How late the event loop of the gateway runs what is due: the time for which everything waits that comes in just then.
 * A sample ten times a second says how it was between them, too, as long as they are many.
 */
import { Histogram } from './histogram.ts';

const SAMPLE_MS = 100;

export class LoopDelay {
  readonly histogram = new Histogram();
  readonly #timer: NodeJS.Timeout;
  #dueAt = performance.now() + SAMPLE_MS;

  constructor() {
    this.#timer = setInterval(() => this.#sample(performance.now()), SAMPLE_MS).unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #sample(now: number): void {
    this.histogram.observe(Math.max(0, now - this.#dueAt) / 1000);
    this.#dueAt = now + SAMPLE_MS;
  }
}
