/** Which files there are and how large they are, the least recently used first: what the limits are kept by. */

/** Of files that hold answers of one URL, so that a client that invents values of a field does not fill the disk. */
const FILES_PER_URL_MAX = 64;
/** What a small file takes on most file systems. */
const BLOCK_BYTES = 4096;

export class DiskIndex {
  #sizes = new Map<string, number>();
  #counts = new Map<string, number>();
  /** Since the look began. */
  #added = new Set<string>();
  bytes = 0;

  get files(): number {
    return this.#sizes.size;
  }

  has(name: string): boolean {
    return this.#sizes.has(name);
  }

  /** May a file of this name be written? */
  hasRoom(name: string): boolean {
    return this.#sizes.has(name) || (this.#counts.get(urlPart(name)) ?? 0) < FILES_PER_URL_MAX;
  }

  add(name: string, bytes: number): void {
    this.delete(name);
    const onDisk = Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
    this.#sizes.set(name, onDisk);
    this.#added.add(name);
    this.bytes += onDisk;
    this.#counts.set(urlPart(name), (this.#counts.get(urlPart(name)) ?? 0) + 1);
  }

  /** It has been used. */
  touch(name: string): void {
    const size = this.#sizes.get(name);
    if (size === undefined) return;
    this.#sizes.delete(name);
    this.#sizes.set(name, size);
  }

  delete(name: string): void {
    const size = this.#sizes.get(name);
    if (size === undefined) return;
    this.#sizes.delete(name);
    this.bytes -= size;
    const left = this.#counts.get(urlPart(name))! - 1;
    if (left === 0) this.#counts.delete(urlPart(name));
    else this.#counts.set(urlPart(name), left);
  }

  oldest(): string | null {
    return this.#sizes.keys().next().value ?? null;
  }

  /** A look at the directory begins: it may miss what is added from now on. */
  beginLook(): void {
    this.#added = new Set();
  }

  /** What the look has found, the oldest first. What has been used here stays the newest. */
  endLook(found: readonly { readonly name: string; readonly bytes: number }[]): void {
    const before = this.#sizes;
    const there = new Set(found.map(({ name }) => name));
    const added = this.#added;
    this.#added = new Set();
    this.#sizes = new Map();
    this.#counts = new Map();
    this.bytes = 0;
    for (const { name, bytes } of found) if (!before.has(name)) this.add(name, bytes);
    for (const [name, bytes] of before) if (there.has(name) || added.has(name)) this.add(name, bytes);
  }
}

function urlPart(name: string): string {
  return name.slice(0, name.indexOf('.'));
}
