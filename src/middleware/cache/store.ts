/** Where responses are kept: in memory, and on disk when there is a directory for it (disk-store.ts). */
import type { CacheStoreSettings } from '../../config/sections/cache-store.ts';
import type { RequestFields } from '../../fields.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Attempt } from './attempt.ts';
import { CacheCounts } from './counts.ts';
import { DiskStore } from './disk-store.ts';
import type { Entry, EntryHead } from './entry.ts';
import { MemoryStore } from './memory-store.ts';

/** Throws when the directory cannot be used. */
export function openCacheStore(settings: CacheStoreSettings, log: Log): ResponseStore {
  const { memoryBytesMax, directory, diskBytesMax } = settings;
  const disk = directory === null ? null : new DiskStore(directory, diskBytesMax, log);
  return new ResponseStore(new MemoryStore(memoryBytesMax), disk);
}

/** What is to be removed: of a URL, of URLs that begin so, with a label, or all. */
export interface Purge {
  readonly kind: 'url' | 'prefix' | 'tag' | 'all';
  readonly value: string;
}

export class ResponseStore {
  readonly memory: MemoryStore;
  readonly disk: DiskStore | null;
  readonly counts = new CacheCounts();
  readonly #normalUrls: ((url: string) => string | null)[] = [];
  /** Of bodies that are on their way here. */
  recordingBytes = 0;
  /** Those under way. */
  readonly attempts = new Set<Attempt>();
  /** Since 1970: what is on disk outlives the server. */
  readonly nowMs: () => number;

  constructor(memory: MemoryStore, disk: DiskStore | null, nowMs: () => number = Date.now) {
    this.memory = memory;
    this.disk = disk;
    this.nowMs = nowMs;
  }

  put(entry: Entry): void {
    this.memory.put(entry);
    this.disk?.put(entry);
  }

  /** What is on disk for such a request, or has come to memory while that was looked for. It is in memory then. */
  load(key: string, url: string, fields: RequestFields, found: (entry: Entry | null) => void): void {
    if (this.disk === null) return found(null);
    this.disk.find(key, url, fields, (entry) => {
      if (entry === null) return found(this.memory.find(key, fields));
      this.memory.put(entry);
      found(entry);
    });
  }

  remove(entry: Entry): void {
    this.memory.removeKey(entry.head.key, (one) => one === entry);
    this.disk?.remove(entry);
  }

  async close(): Promise<void> {
    await this.disk?.close();
  }

  /** A cache that keeps its answers here, and how it writes a URL that a person has written. */
  addCache(normalUrl: (url: string) => string | null): void {
    this.#normalUrls.push(normalUrl);
  }

  /** By a request, which waits for memory alone. `url` is as in EntryHead. */
  invalidate(url: string): void {
    void this.#remove({ kind: 'url', value: url });
  }

  /** By an operator: when this resolves nothing of it is sent any more. */
  async purge(purge: Purge): Promise<{ purged: number; caches: number }> {
    const values =
      purge.kind === 'url'
        ? new Set(this.#normalUrls.map((normal) => normal(purge.value) ?? purge.value))
        : [purge.value];
    let purged = 0;
    for (const value of values) purged += await this.#remove({ kind: purge.kind, value });
    this.counts.purged += purged;
    return { purged, caches: this.#normalUrls.length };
  }

  /** How many responses are gone. */
  async #remove(purge: Purge): Promise<number> {
    for (const attempt of this.attempts) if (mayMean(purge, attempt.url)) attempt.isOutdated = true;
    const isMeant = matcherOf(purge);
    const fromMemory = this.#forget(purge, isMeant);
    if (this.disk === null) return fromMemory;
    const fromDisk = await this.disk.purge(purge, isMeant);
    // What was read from disk meanwhile.
    this.#forget(purge, isMeant);
    return Math.max(fromMemory, fromDisk);
  }

  #forget(purge: Purge, isMeant: (head: EntryHead) => boolean): number {
    if (purge.kind === 'url') return this.memory.removeUrl(purge.value);
    return this.memory.removeAll(({ head }) => isMeant(head));
  }
}

function matcherOf({ kind, value }: Purge): (head: EntryHead) => boolean {
  switch (kind) {
    case 'url':
      return ({ url }) => url === value;
    case 'prefix':
      return ({ url }) => url.startsWith(value);
    case 'tag':
      return ({ tags }) => tags.includes(value);
    case 'all':
      return () => true;
  }
}

/** Of an answer that is still on its way the labels are not known. */
function mayMean({ kind, value }: Purge, url: string): boolean {
  if (kind === 'url') return url === value;
  return kind !== 'prefix' || url.startsWith(value);
}
