/**
 * A cache bounded by weight, with second-chance replacement (CLOCK): nearly as good as least-recently-used, and a
 * hit sets one flag where true LRU would move a list entry.
 */
interface Slot<V> {
  readonly value: V;
  readonly weightBytes: number;
  used: boolean;
}

export class FileCache<V> {
  readonly #slots = new Map<string, Slot<V>>();
  readonly #weightBytesMax: number;
  #weightBytes = 0;

  constructor(weightBytesMax: number) {
    this.#weightBytesMax = weightBytesMax;
  }

  get weightBytes(): number {
    return this.#weightBytes;
  }

  get(key: string): V | undefined {
    const slot = this.#slots.get(key);
    if (slot === undefined) return undefined;
    slot.used = true;
    return slot.value;
  }

  set(key: string, value: V, weightBytes: number): void {
    this.delete(key);
    if (weightBytes > this.#weightBytesMax) return;
    this.#weightBytes += weightBytes;
    this.#makeRoom();
    this.#slots.set(key, { value, weightBytes, used: false });
  }

  delete(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.#weightBytes -= slot.weightBytes;
    this.#slots.delete(key);
  }

  /** From the oldest: what was used since the hand last passed goes to the end, what was not goes. */
  #makeRoom(): void {
    for (const [key, slot] of this.#slots) {
      if (this.#weightBytes <= this.#weightBytesMax) return;
      if (slot.used) {
        slot.used = false;
        this.#slots.delete(key);
        this.#slots.set(key, slot);
      } else {
        this.delete(key);
      }
    }
  }
}
