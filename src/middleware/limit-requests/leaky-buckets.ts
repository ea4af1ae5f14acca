/**
 * Leaky buckets, one for each key, with the arithmetic of nginx's limit_req: a request adds one to the excess of its
 * key, which leaks away at the rate; what is above the burst is refused. Everything in thousandths of a request, so
 * that a rate of a few requests a minute is exact to the millisecond.
 *
 * The table is bounded. When it is full, the key that was seen longest ago is forgotten: its bucket has leaked most.
 */

const ONE = 1_000;

interface Bucket {
  excess: number;
  /** When `excess` was right, in ms. */
  at: number;
}

export interface BucketSettings {
  /** Requests in a thousand seconds. */
  readonly rate: number;
  readonly burst: number;
  /** Excessive requests that need not wait; null: none has to. */
  readonly delayAfter: number | null;
  readonly keysMax: number;
}

/** What is to become of a request: it goes on after `delayMs`, or it is refused and may come again after `retryMs`. */
export type Verdict =
  | { readonly admitted: true; readonly delayMs: number }
  | { readonly admitted: false; readonly retryMs: number };

const AT_ONCE: Verdict = { admitted: true, delayMs: 0 };

export class LeakyBuckets {
  readonly #settings: BucketSettings;
  /** Those seen longest ago first. */
  readonly #buckets = new Map<string, Bucket>();

  constructor(settings: BucketSettings) {
    this.#settings = settings;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** `now`: of a clock that never goes back, in ms. */
  take(key: string, now: number): Verdict {
    const { rate, burst } = this.#settings;
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) {
      this.#remember(key, { excess: 0, at: now });
      return AT_ONCE;
    }
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const leaked = (rate * (now - bucket.at)) / ONE;
    const excess = Math.max(0, bucket.excess - leaked + ONE);
    const over = excess - burst * ONE;
    if (over > 0) return { admitted: false, retryMs: Math.ceil((over * ONE) / rate) };
    bucket.excess = excess;
    bucket.at = now;
    return this.#admit(excess);
  }

  #admit(excess: number): Verdict {
    const { rate, delayAfter } = this.#settings;
    if (delayAfter === null) return AT_ONCE;
    const delayMs = Math.ceil(((excess - delayAfter * ONE) * ONE) / rate);
    return delayMs > 0 ? { admitted: true, delayMs } : AT_ONCE;
  }

  #remember(key: string, bucket: Bucket): void {
    if (this.#buckets.size >= this.#settings.keysMax) {
      const [oldest] = this.#buckets.keys();
      this.#buckets.delete(oldest!);
    }
    this.#buckets.set(key, bucket);
  }
}
