/** A map that forgets what was put in first when it is full: a stranger's keys cost no more than so much memory. */
export class BoundedMap<V> {
  readonly #map = new Map<string, V>();
  readonly #sizeMax: number;

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  get(key: string): V | undefined {
    return this.#map.get(key);
  }

  set(key: string, value: V): void {
    this.#map.delete(key);
    if (this.#map.size >= this.#sizeMax) this.#map.delete(this.#map.keys().next().value!);
    this.#map.set(key, value);
  }

  delete(key: string): void {
    this.#map.delete(key);
  }
}
