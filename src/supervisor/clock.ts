/** Time as an argument, so that everything that waits can be tested without waiting. */

export type Cancel = () => void;

export interface Clock {
  /** Milliseconds of a clock that never jumps. */
  now(): number;
  after(delayMs: number, then: () => void): Cancel;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(delayMs, then) {
    const timer = setTimeout(then, delayMs);
    return () => clearTimeout(timer);
  },
};
