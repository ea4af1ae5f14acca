/**
 * Finds files and keeps the small ones in memory, ready to be sent. What is kept is compared with the file system
 * at most once a second; requests that meanwhile ask for the same path wait for one and the same look.
 *
 * One store serves one site, because its keys are URL paths.
 */
import { close, constants, fstat, open, read, type Stats, stat } from 'node:fs';
import { FileCache } from './file-cache.ts';
import { describe, isSameFile, type Representation } from './representation.ts';

/** Larger files are streamed. */
export const FILE_BYTES_MAX = 1024 * 1024;
const CACHE_BYTES_MAX = 32 * 1024 * 1024;
/** What an entry costs besides its bytes, roughly: bounds the number of entries. */
const ENTRY_BYTES = 1024;
const CHECK_INTERVAL_MS = 1000;
/**
 * The clock of modification times ticks every few milliseconds. A file read this soon after its last change may be
 * changed again within the same tick, unseen, so it is read again at the next check.
 */
const SETTLED_AFTER_MS = 1000;

export interface FileInMemory {
  readonly representation: Representation;
  readonly body: Buffer;
}

interface Entry extends FileInMemory {
  readonly stats: Stats;
  readonly settled: boolean;
  checkedAtMs: number;
}

export type Found =
  | { readonly kind: 'file'; readonly file: FileInMemory }
  /** A file that is too large for memory: see openFile. */
  | { readonly kind: 'large-file' }
  | { readonly kind: 'directory' }
  | { readonly kind: 'error'; readonly error: NodeJS.ErrnoException };

export interface OpenFile {
  readonly fd: number;
  readonly stats: Stats;
}

type Callback = (found: Found) => void;

export class FileStore {
  readonly #cache: FileCache<Entry>;
  readonly #searches = new Map<string, Callback[]>();
  readonly #nowMs: () => number;

  constructor(options: { readonly cacheBytesMax?: number; readonly nowMs?: () => number } = {}) {
    this.#cache = new FileCache(options.cacheBytesMax ?? CACHE_BYTES_MAX);
    this.#nowMs = options.nowMs ?? (() => performance.now());
  }

  /** The file of a URL path, when it is in memory and was checked within the last second. */
  fresh(path: string): FileInMemory | null {
    const entry = this.#cache.get(path);
    return entry !== undefined && this.#nowMs() - entry.checkedAtMs < CHECK_INTERVAL_MS ? entry : null;
  }

  /** Looks at the file system. `path` is the canonical URL path, `fileName` the file (latin-1) it stands for. */
  find(path: string, fileName: string, callback: Callback): void {
    const waiting = this.#searches.get(path);
    if (waiting !== undefined) {
      waiting.push(callback);
      return;
    }
    const callbacks = [callback];
    this.#searches.set(path, callbacks);
    this.#search(path, fileName, (found) => {
      this.#searches.delete(path);
      for (const each of callbacks) each(found);
    });
  }

  #search(path: string, fileName: string, done: Callback): void {
    stat(Buffer.from(fileName, 'latin1'), (error, stats) => {
      const entry = this.#cache.get(path);
      if (error === null && entry?.settled && isSameFile(entry.stats, stats)) {
        entry.checkedAtMs = this.#nowMs();
        return done({ kind: 'file', file: entry });
      }
      this.#cache.delete(path);
      if (error !== null) return done({ kind: 'error', error });
      if (stats.isDirectory()) return done({ kind: 'directory' });
      if (stats.size > FILE_BYTES_MAX) return done({ kind: 'large-file' });
      this.#load(path, fileName, done);
    });
  }

  #load(path: string, fileName: string, done: Callback): void {
    const checkedAtMs = this.#nowMs();
    const readAtMs = Date.now();
    openFile(fileName, (error, file) => {
      if (error !== null) return done({ kind: 'error', error });
      const { fd, stats } = file;
      if (stats.size > FILE_BYTES_MAX) return close(fd, () => done({ kind: 'large-file' }));
      readWhole(fd, stats.size, (readError, bytes) => {
        close(fd, () => {});
        if (readError !== null) return done({ kind: 'error', error: readError });
        const representation = describe(fileName, stats);
        const settled = readAtMs - Math.max(stats.mtimeMs, stats.ctimeMs) > SETTLED_AFTER_MS;
        const entry: Entry = { representation, body: bytes, stats, settled, checkedAtMs };
        this.#cache.set(path, entry, bytes.length + path.length + ENTRY_BYTES);
        done({ kind: 'file', file: entry });
      });
    });
  }
}

/** Opens a regular file. What is at the other end of the callback closes it. */
export function openFile(
  fileName: string,
  callback: (...result: [error: NodeJS.ErrnoException, file: null] | [error: null, file: OpenFile]) => void,
): void {
  // Non-blocking, because opening a FIFO would otherwise wait for a writer.
  open(Buffer.from(fileName, 'latin1'), constants.O_RDONLY | constants.O_NONBLOCK, (error, fd) => {
    if (error !== null) return callback(error, null);
    fstat(fd, (statError, stats) => {
      const refusal = statError ?? (stats.isFile() ? null : notAFile());
      if (refusal === null) return callback(null, { fd, stats });
      close(fd, () => callback(refusal, null));
    });
  });
}

/** Devices, sockets and FIFOs are not served: as far as a client can tell they do not exist. */
function notAFile(): NodeJS.ErrnoException {
  return Object.assign(new Error('not a regular file'), { code: 'ENOENT' });
}

/** A file that shrinks while it is read is an error: its description no longer holds. */
function readWhole(
  fd: number,
  sizeBytes: number,
  callback: (...result: [error: NodeJS.ErrnoException, bytes: null] | [error: null, bytes: Buffer]) => void,
): void {
  const bytes = Buffer.allocUnsafeSlow(sizeBytes);
  const readFrom = (position: number): void => {
    if (position === sizeBytes) {
      callback(null, bytes);
      return;
    }
    read(fd, bytes, position, sizeBytes - position, position, (error, bytesRead) => {
      if (error !== null) return callback(error, null);
      if (bytesRead === 0) return callback(new Error('the file shrank while it was read'), null);
      readFrom(position + bytesRead);
    });
  };
  readFrom(0);
}
