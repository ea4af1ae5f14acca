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

/** What is to be removed. URLs are as in EntryHead. */
export type Purge =
  | { readonly kind: 'url'; readonly url: string }
  | { readonly kind: 'prefix'; readonly prefix: string }
  | { readonly kind: 'tag'; readonly tag: string }
  | { readonly kind: 'all' };

export class ResponseStore {
  readonly memory: MemoryStore;
  readonly disk: DiskStore | null;
  readonly counts = new CacheCounts();
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

  /** What is on disk for such a request, which is in memory then. */
  load(key: string, url: string, fields: RequestFields, found: (entry: Entry | null) => void): void {
    if (this.disk === null) return found(null);
    this.disk.find(key, url, fields, (entry) => {
      if (entry !== null) this.memory.put(entry);
      found(entry);
    });
  }

  remove(entry: Entry): void {
    this.memory.removeKey(entry.head.key, (one) => one === entry);
    this.disk?.remove(entry);
  }

  /** By a request: nobody waits for the disk. */
  invalidate(url: string): void {
    void this.purge({ kind: 'url', url });
  }

  async close(): Promise<void> {
    await this.disk?.close();
  }

  /** How many responses are gone. */
  async purge(purge: Purge): Promise<number> {
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
    if (purge.kind === 'url') return this.memory.removeUrl(purge.url);
    return this.memory.removeAll(({ head }) => isMeant(head));
  }
}

function matcherOf(purge: Purge): (head: EntryHead) => boolean {
  switch (purge.kind) {
    case 'url':
      return ({ url }) => url === purge.url;
    case 'prefix':
      return ({ url }) => url.startsWith(purge.prefix);
    case 'tag':
      return ({ tags }) => tags.includes(purge.tag);
    case 'all':
      return () => true;
  }
}

/** Of an answer that is still on its way the labels are not known. */
function mayMean(purge: Purge, url: string): boolean {
  if (purge.kind === 'url') return url === purge.url;
  return purge.kind !== 'prefix' || url.startsWith(purge.prefix);
}
