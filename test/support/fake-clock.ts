/** A clock that moves when a test says so. Timers fire in the order of their times. */
import type { Cancel, Clock } from '../../src/supervisor/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly then: () => void;
}

export class FakeClock implements Clock {
  #nowMs = 0;
  readonly #timers = new Set<Timer>();

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, then: () => void): Cancel {
    const timer = { atMs: this.#nowMs + delayMs, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs;
    for (;;) {
      const due = [...this.#timers].filter(({ atMs }) => atMs <= untilMs);
      if (due.length === 0) break;
      const first = due.reduce((a, b) => (b.atMs < a.atMs ? b : a));
      this.#timers.delete(first);
      this.#nowMs = first.atMs;
      first.then();
    }
    this.#nowMs = untilMs;
  }

  get pendingTimers(): number {
    return this.#timers.size;
  }
}
