/**
 * Finds the files below a root and keeps them ready to be sent: small ones in memory, larger ones open. What is kept is
 * compared with the file system at most once a second; requests that meanwhile ask for the same file wait for one and
 * the same look. A file may have compressed forms beside it (variants.ts), which are looked at and kept with it.
 */
import type { Stats } from 'node:fs';
import type { CodingName } from '../../config/sections/compress.ts';
import type { FileTree } from '../../files/file-tree.ts';
import { type OpenFile, readWhole } from '../../files/open-file.ts';
import { describe, isSameFile, type Representation } from '../../files/representation.ts';
import { CacheLimit, FileCache } from './file-cache.ts';
import type { FileFields } from './file-fields.ts';
import { isUpToDate, SUFFIXES, VARY } from './variants.ts';

/** Larger files are not kept in memory. */
export const FILE_BYTES_MAX = 1024 * 1024;
/** Larger files are kept open: sending them straight from the file costs less than from memory. */
const CLOSED_BYTES_MAX = 64 * 1024;
const CACHE_BYTES_MAX = 32 * 1024 * 1024;
/** What an entry costs besides its bytes, roughly: bounds the number of entries. */
const ENTRY_BYTES = 1024;
/** What an open descriptor counts for: no more than 512 of them are kept. */
const DESCRIPTOR_BYTES = 64 * 1024;
/** Descriptors that were not used between two sweeps are closed: a deleted file holds its place on the disk till then. */
const SWEEP_INTERVAL_MS = 10_000;
const CHECK_INTERVAL_MS = 1000;
/**
 * The clock of modification times ticks every few milliseconds. A file read this soon after its last change may be
 * changed again within the same tick, unseen, so it is read again at the next check.
 */
const SETTLED_AFTER_MS = 1000;

/** In memory, open, or both. */
export interface StoredFile {
  readonly representation: Representation;
  /** Null: it is too large. */
  readonly body: Buffer | null;
  /** Null: it is too small to be worth a descriptor. */
  readonly file: OpenFile | null;
}

export interface Variant extends StoredFile {
  readonly coding: CodingName;
}

export interface StoredEntry extends StoredFile {
  /** The smallest first. */
  readonly variants: readonly Variant[];
}

interface Entry extends StoredEntry {
  /** Of the file, and of each form that it might have; null: it was not there. */
  readonly seen: readonly (Stats | null)[];
  readonly settled: boolean;
  checkedAtMs: number;
}

export type Found =
  | { readonly kind: 'file'; readonly entry: StoredEntry }
  | { readonly kind: 'directory' }
  | { readonly kind: 'error'; readonly error: NodeJS.ErrnoException };

type Callback = (found: Found) => void;

/** What all directories of a server share: one limit, one clock. */
export class FileStore {
  readonly limit: CacheLimit<Entry>;
  readonly nowMs: () => number;
  #sweeper: NodeJS.Timeout | null = null;

  constructor(options: { readonly cacheBytesMax?: number; readonly nowMs?: () => number } = {}) {
    this.limit = new CacheLimit(options.cacheBytesMax ?? CACHE_BYTES_MAX);
    this.nowMs = options.nowMs ?? (() => performance.now());
  }

  /** From the first descriptor on. */
  watchDescriptors(): void {
    this.#sweeper ??= setInterval(() => this.sweep(), SWEEP_INTERVAL_MS).unref();
  }

  sweep(): void {
    this.limit.sweep((entry) => openFilesOf(entry).length > 0);
  }
}

export interface StoredFilesOptions {
  readonly tree: FileTree;
  readonly fieldsOf: (path: string) => FileFields;
  /** Compressed forms to look for. */
  readonly codings: readonly CodingName[];
}

/** The files of one directory. Paths are below the root and latin-1. */
export class StoredFiles {
  readonly #store: FileStore;
  readonly #cache: FileCache<Entry>;
  readonly #options: StoredFilesOptions;
  readonly #searches = new Map<string, Callback[]>();

  constructor(store: FileStore, options: StoredFilesOptions) {
    this.#store = store;
    this.#options = options;
    this.#cache = new FileCache(store.limit, release);
  }

  /** The file, when it is kept and was checked within the last second. To be used within this turn. */
  fresh(path: string): StoredEntry | null {
    const entry = this.#cache.get(path);
    return entry !== undefined && this.#store.nowMs() - entry.checkedAtMs < CHECK_INTERVAL_MS ? entry : null;
  }

  /** Looks at the file system. An entry that is found is held for the caller, who has to `release` it. */
  find(path: string): Promise<Found> {
    return new Promise((resolve) => {
      const waiting = this.#searches.get(path);
      if (waiting !== undefined) waiting.push(resolve);
      else this.#begin(path, [resolve]);
    });
  }

  #begin(path: string, waiting: Callback[]): void {
    this.#searches.set(path, waiting);
    const done = (found: Found): void => {
      this.#searches.delete(path);
      for (const each of waiting) each(found);
    };
    this.#search(path).then(
      (entry) => {
        if (entry === null) return done({ kind: 'directory' });
        for (const _ of waiting) hold(entry);
        done({ kind: 'file', entry });
        release(entry);
      },
      (error: NodeJS.ErrnoException) => {
        this.#cache.delete(path);
        done({ kind: 'error', error });
      },
    );
  }

  /** Null for a directory. The entry is held for the caller. */
  async #search(path: string): Promise<Entry | null> {
    const { tree, codings } = this.#options;
    const stats = await tree.stat(path);
    if (stats.isDirectory()) {
      this.#cache.delete(path);
      return null;
    }
    const variants = codings.map((coding) => tree.stat(path + SUFFIXES[coding]).catch(() => null));
    const seen = [stats, ...(await Promise.all(variants))];
    const known = this.#cache.get(path);
    if (known?.settled && known.seen.every((before, i) => isUnchanged(before, seen[i]!))) {
      known.checkedAtMs = this.#store.nowMs();
      return hold(known);
    }
    this.#cache.delete(path);
    return this.#load(
      path,
      codings.filter((_, i) => isUpToDate(seen[i + 1]!, stats)),
      seen,
    );
  }

  async #load(path: string, codings: readonly CodingName[], seen: readonly (Stats | null)[]): Promise<Entry> {
    const checkedAtMs = this.#store.nowMs();
    const readAtMs = Date.now();
    const { tree, fieldsOf } = this.#options;
    const { contentType, fields } = fieldsOf(path);
    const all = codings.length === 0 ? fields : [...fields, ...VARY];
    const loadOne = async (coding: CodingName | null): Promise<StoredFile> => {
      const file = await tree.open(coding === null ? path : path + SUFFIXES[coding]);
      const representation = describe(file.stats, { contentType, coding, fields: all });
      return { representation, ...(await contentOf(file)) };
    };
    const original = await loadOne(null);
    const variants: Variant[] = [];
    for (const coding of codings) {
      // Gone in the meantime, or not to be read: then without it.
      const variant = await loadOne(coding).catch(() => null);
      if (variant !== null) variants.push({ ...variant, coding });
    }
    variants.sort((a, b) => a.representation.sizeBytes - b.representation.sizeBytes);
    const isSettled = (stats: Stats | null) =>
      stats === null || readAtMs - Math.max(stats.mtimeMs, stats.ctimeMs) > SETTLED_AFTER_MS;
    const entry: Entry = { ...original, variants, seen, settled: seen.every(isSettled), checkedAtMs };
    if (openFilesOf(entry).length > 0) this.#store.watchDescriptors();
    this.#cache.set(path, hold(entry), weightBytes(entry) + path.length);
    return entry;
  }
}

async function contentOf(file: OpenFile): Promise<Pick<StoredFile, 'body' | 'file'>> {
  const { size } = file.stats;
  if (size > FILE_BYTES_MAX) return { body: null, file };
  const isKeptOpen = size > CLOSED_BYTES_MAX;
  if (isKeptOpen) file.share();
  try {
    return { body: await readWhole(file), file: isKeptOpen ? file : null };
  } catch (error) {
    if (isKeptOpen) file.release();
    throw error;
  } finally {
    file.release();
  }
}

function isUnchanged(before: Stats | null, now: Stats | null): boolean {
  return before === null || now === null ? before === now : isSameFile(before, now);
}

function openFilesOf(entry: StoredEntry): OpenFile[] {
  return [entry, ...entry.variants].flatMap(({ file }) => file ?? []);
}

function hold<E extends StoredEntry>(entry: E): E {
  for (const file of openFilesOf(entry)) file.share();
  return entry;
}

export function release(entry: StoredEntry): void {
  for (const file of openFilesOf(entry)) file.release();
}

function weightBytes(entry: StoredEntry): number {
  return [entry, ...entry.variants].reduce((sum, stored) => sum + contentBytes(stored), ENTRY_BYTES);
}

/** What is not open is sent from memory, and an answer that is given often is there once more, whole. */
function contentBytes({ body, file }: StoredFile): number {
  return file === null ? 2 * body!.length : (body?.length ?? 0) + DESCRIPTOR_BYTES;
}
