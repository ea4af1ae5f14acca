/**
 * Caches that share a limit of weight, with second-chance replacement (CLOCK): nearly as good as least-recently-used,
 * and a hit sets one flag where true LRU would move a list entry.
 */
interface Slot<V> {
  readonly cache: FileCache<V>;
  readonly key: string;
  readonly value: V;
  readonly weightBytes: number;
  used: boolean;
}

/** What is taken out of a cache is given to this. */
type OnOut<V> = (value: V) => void;

export class CacheLimit<V> {
  /** The hand of the clock is before the first. */
  readonly #slots = new Set<Slot<V>>();
  readonly #weightBytesMax: number;
  #weightBytes = 0;

  constructor(weightBytesMax: number) {
    this.#weightBytesMax = weightBytesMax;
  }

  get weightBytes(): number {
    return this.#weightBytes;
  }

  /** False: it is heavier than everything may be. */
  add(slot: Slot<V>): boolean {
    if (slot.weightBytes > this.#weightBytesMax) return false;
    this.#weightBytes += slot.weightBytes;
    this.#makeRoom();
    this.#slots.add(slot);
    return true;
  }

  remove(slot: Slot<V>): void {
    this.#slots.delete(slot);
    this.#weightBytes -= slot.weightBytes;
  }

  /** Takes out those of a kind that nobody has used since the last sweep. */
  sweep(isMeant: (value: V) => boolean): void {
    for (const slot of this.#slots) {
      if (!isMeant(slot.value)) continue;
      if (slot.used) slot.used = false;
      else slot.cache.delete(slot.key);
    }
  }

  /** From the oldest: what was used since the hand last passed goes to the end, what was not goes. */
  #makeRoom(): void {
    for (const slot of this.#slots) {
      if (this.#weightBytes <= this.#weightBytesMax) return;
      if (slot.used) {
        slot.used = false;
        this.#slots.delete(slot);
        this.#slots.add(slot);
      } else {
        slot.cache.delete(slot.key);
      }
    }
  }
}

export class FileCache<V> {
  readonly #slots = new Map<string, Slot<V>>();
  readonly #limit: CacheLimit<V>;
  readonly #onOut: OnOut<V>;

  constructor(limit: CacheLimit<V>, onOut: OnOut<V> = () => {}) {
    this.#limit = limit;
    this.#onOut = onOut;
  }

  get(key: string): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    slot.used = true;
    return slot.value;
  }

  set(key: string, value: V, weightBytes: number): void {
    this.delete(key);
    const slot = { cache: this, key, value, weightBytes, used: false };
    if (this.#limit.add(slot)) this.#slots.set(key, slot);
    else this.#onOut(value);
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#slots.delete(key);
    this.#limit.remove(slot);
    this.#onOut(slot.value);
  }
}
