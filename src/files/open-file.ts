/** Files, opened: descriptors that several answers share, and small files read whole. */
import { close, constants, fstat, open, read, type Stats } from 'node:fs';
import { promisify } from 'node:util';
import { isInMemory } from '../base/sendfile.ts';

/** Names are latin-1 strings with one character a byte: a file system can hold names that no other text can say. */
export type FileName = string;

/** Non-blocking, because opening a FIFO would otherwise wait for a writer. */
export const READ_FLAGS = constants.O_RDONLY | constants.O_NONBLOCK;

export const openPath = promisify(open) as (path: Buffer, flags: number) => Promise<number>;
export const statOf = promisify(fstat) as (fd: number) => Promise<Stats>;

/** What was found in the system's page cache is taken to be there for so long. */
const CACHED_FOR_MS = 1000;

/** An open regular file. Its descriptor is closed when the last of those who use it has released it. */
export class OpenFile {
  readonly fd: number;
  readonly stats: Stats;
  #users = 1;
  /** What was last found in memory, and when. */
  #cachedStart = 0;
  #cachedEnd = 0;
  #cachedAtMs = 0;

  constructor(fd: number, stats: Stats) {
    this.fd = fd;
    this.stats = stats;
  }

  /** Are the bytes from `start` to `end` in memory, so that sending them does not wait for the disk? */
  isCached(start: number, end: number): boolean {
    const nowMs = performance.now();
    const isKnown = start >= this.#cachedStart && end <= this.#cachedEnd;
    if (isKnown && nowMs - this.#cachedAtMs < CACHED_FOR_MS) return true;
    if (!isInMemory(this.fd, start, end)) return false;
    this.#cachedStart = start;
    this.#cachedEnd = end;
    this.#cachedAtMs = nowMs;
    return true;
  }

  /** One user more. */
  share(): this {
    this.#users++;
    return this;
  }

  /** Once for the opener, and once for each `share`. */
  release(): void {
    if (--this.#users === 0) closeQuietly(this.fd);
  }
}

export async function openFile(fileName: FileName): Promise<OpenFile> {
  return asRegularFile(await openPath(bytesOf(fileName), READ_FLAGS));
}

/** Takes over the descriptor. Devices, sockets and FIFOs are not served: as far as a client can tell they do not exist. */
export async function asRegularFile(fd: number): Promise<OpenFile> {
  try {
    const stats = await statOf(fd);
    if (!stats.isFile()) throw Object.assign(new Error('not a regular file'), { code: 'ENOENT' });
    return new OpenFile(fd, stats);
  } catch (error) {
    closeQuietly(fd);
    throw error;
  }
}

/** A file that shrinks while it is read is an error: its description no longer holds. */
export function readWhole({ fd, stats }: OpenFile): Promise<Buffer> {
  const bytes = Buffer.allocUnsafeSlow(stats.size);
  return new Promise((resolve, reject) => {
    const readFrom = (position: number): void => {
      if (position === bytes.length) return resolve(bytes);
      read(fd, bytes, position, bytes.length - position, position, (error, bytesRead) => {
        if (error !== null) reject(error);
        else if (bytesRead === 0) reject(new Error('the file shrank while it was read'));
        else readFrom(position + bytesRead);
      });
    };
    readFrom(0);
  });
}

export function bytesOf(fileName: FileName): Buffer {
  return Buffer.from(fileName, 'latin1');
}

export function closeQuietly(fd: number): void {
  close(fd, () => {});
}
