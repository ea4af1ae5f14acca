/**
 * Requests that wait for the answer which another one is fetching: many ask at once for what is not stored, and the
 * handler behind the cache is asked once. Those that wait too long, or of whom too many would wait, ask for themselves.
 */
import type { Exchange } from '../../exchange.ts';
import type { Entry } from './entry.ts';

interface Waiter {
  readonly exchange: Exchange;
  readonly timer: NodeJS.Timeout;
  readonly resume: (entry: Entry | null) => void;
}

const WAITING_MAX = 10_000;

export class Flights {
  readonly #waiting = new Map<string, Set<Waiter>>();
  readonly #timeoutMs: number;
  #waitingCount = 0;

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  isUnderWay(key: string): boolean {
    return this.#waiting.has(key);
  }

  isAwaited(key: string): boolean {
    return (this.#waiting.get(key)?.size ?? 0) > 0;
  }

  begin(key: string): void {
    this.#waiting.set(key, new Set());
  }

  /** `resume` gets what the others have stored, or null: nothing that helps. Not called when the client goes. */
  wait(key: string, exchange: Exchange, resume: (entry: Entry | null) => void): boolean {
    const waiters = this.#waiting.get(key);
    if (waiters === undefined || this.#waitingCount >= WAITING_MAX) return false;
    const timer = setTimeout(() => {
      leave();
      resume(null);
    }, this.#timeoutMs);
    const waiter: Waiter = { exchange, timer, resume };
    const leave = () => {
      if (waiters.delete(waiter)) this.#release(waiter);
    };
    waiters.add(waiter);
    this.#waitingCount++;
    exchange.onGone = leave;
    return true;
  }

  finish(key: string, entry: Entry | null): void {
    const waiters = this.#waiting.get(key);
    if (waiters === undefined) return;
    this.#waiting.delete(key);
    for (const waiter of waiters) {
      waiters.delete(waiter);
      this.#release(waiter);
      waiter.resume(entry);
    }
  }

  #release({ exchange, timer }: Waiter): void {
    clearTimeout(timer);
    exchange.onGone = null;
    this.#waitingCount--;
  }
}
