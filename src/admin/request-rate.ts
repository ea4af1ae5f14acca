/** Requests per second over the last second, ten seconds and minute. */

const SECONDS = 60;
const SPANS = [1, 10, SECONDS] as const;

export class RequestRate {
  readonly #total: () => number;
  /** Totals at the last ticks, the newest last. */
  readonly #before: number[] = [];

  /** `total`: how many there were so far. */
  constructor(total: () => number) {
    this.#total = total;
  }

  /** Called once a second. */
  tick(): void {
    this.#before.push(this.#total());
    if (this.#before.length > SECONDS + 1) this.#before.shift();
  }

  /** Before a span is over, the mean of what there was of it. */
  get perSecond(): readonly number[] {
    const newest = this.#before.length - 1;
    return SPANS.map((span) => {
      const seconds = Math.min(span, newest);
      return seconds <= 0 ? 0 : (this.#before[newest]! - this.#before[newest - seconds]!) / seconds;
    });
  }
}
