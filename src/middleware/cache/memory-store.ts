/**
 * Stored responses in memory, by key, bounded by their bytes, with second-chance replacement (CLOCK): nearly as good as
 * least-recently-used, and a hit sets one flag. The responses of one key differ in the fields they vary by; a client
 * that invents values gets no more than a few of them stored.
 */
import type { RequestFields } from '../../fields.ts';
import type { Entry, EntryHead } from './entry.ts';

const VARIANTS_MAX = 64;

interface Slot {
  /** The newest first. */
  readonly entries: readonly Entry[];
  readonly weightBytes: number;
  used: boolean;
}

export class MemoryStore {
  readonly #slots = new Map<string, Slot>();
  /** So that a request that changes a URL does not have to look at all that is stored. */
  readonly #keysByUrl = new Map<string, Set<string>>();
  readonly bytesMax: number;
  bytes = 0;
  entries = 0;
  evictions = 0;

  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  find(key: string, fields: RequestFields): Entry | null {
    const slot = this.#slots.get(key);
    if (slot === undefined) return null;
    slot.used = true;
    for (const entry of slot.entries) if (entry.suits(fields)) return entry;
    return null;
  }

  /** What the answers of this key vary by, as far as is known; null: nothing is stored. */
  varyNames(key: string): readonly string[] | null {
    return this.#slots.get(key)?.entries[0]?.head.varyNames ?? null;
  }

  /** In place of the one for the same values. */
  put(entry: Entry): void {
    const { key } = entry.head;
    const others = this.#slots.get(key)?.entries.filter((one) => !isSameVariant(one.head, entry.head)) ?? [];
    this.#drop(key);
    const entries = [entry, ...others].slice(0, VARIANTS_MAX);
    while (entries.length > 0 && weightOf(entries) > this.bytesMax) entries.pop();
    if (entries.length > 0) this.#add(key, entries);
  }

  /** How many were removed. */
  removeKey(key: string, isMeant: (entry: Entry) => boolean): number {
    const entries = this.#slots.get(key)?.entries ?? [];
    const left = entries.filter((entry) => !isMeant(entry));
    if (left.length === entries.length) return 0;
    this.#drop(key);
    if (left.length > 0) this.#add(key, left);
    return entries.length - left.length;
  }

  removeUrl(url: string): number {
    const keys = [...(this.#keysByUrl.get(url) ?? [])];
    return keys.reduce((sum, key) => sum + this.removeKey(key, ({ head }) => head.url === url), 0);
  }

  removeAll(isMeant: (entry: Entry) => boolean): number {
    return [...this.#slots.keys()].reduce((sum, key) => sum + this.removeKey(key, isMeant), 0);
  }

  #add(key: string, entries: Entry[]): void {
    const weightBytes = weightOf(entries);
    this.bytes += weightBytes;
    this.entries += entries.length;
    this.#makeRoom();
    this.#slots.set(key, { entries, weightBytes, used: false });
    for (const { head } of entries) {
      const keys = this.#keysByUrl.get(head.url);
      if (keys === undefined) this.#keysByUrl.set(head.url, new Set([key]));
      else keys.add(key);
    }
  }

  #drop(key: string): void {
    const slot = this.#slots.get(key);
    if (slot === undefined) return;
    this.bytes -= slot.weightBytes;
    this.entries -= slot.entries.length;
    this.#slots.delete(key);
    for (const { head } of slot.entries) {
      const keys = this.#keysByUrl.get(head.url);
      keys?.delete(key);
      if (keys?.size === 0) this.#keysByUrl.delete(head.url);
    }
  }

  /** From the oldest: what was used since the hand last passed goes to the end, what was not goes. */
  #makeRoom(): void {
    for (const [key, slot] of this.#slots) {
      if (this.bytes <= this.bytesMax) return;
      if (slot.used) {
        slot.used = false;
        this.#slots.delete(key);
        this.#slots.set(key, slot);
      } else {
        this.evictions += slot.entries.length;
        this.#drop(key);
      }
    }
  }
}

function weightOf(entries: readonly Entry[]): number {
  return entries.reduce((sum, { weightBytes }) => sum + weightBytes, 0);
}

function isSameVariant(a: EntryHead, b: EntryHead): boolean {
  return a.varyNames.join() === b.varyNames.join() && a.varyValues.join('\n') === b.varyValues.join('\n');
}
