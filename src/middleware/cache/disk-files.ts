/**
 * The files of a cache directory: their names, how they are written so that one is there whole or not at all, and read so
 * that what is not as it was written is thrown away.
 *
 *   DIRECTORY/AB/URL.KEY     URL and KEY: digests in hex, AB: the first two digits of URL
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, existsSync, mkdirSync, statSync } from 'node:fs';
import {
  type FileHandle,
  mkdir,
  open,
  opendir,
  readdir,
  readFile,
  rename,
  stat,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { bytesBeforeBody, decode, decodeHead, type VaryMarker } from './disk-format.ts';
import type { Entry, EntryHead } from './entry.ts';

/** What was begun so long ago will not be finished. */
const ABANDONED_MS = 3600_000;
/** Most heads are shorter: one read is enough. */
const MOST_HEADS_BYTES = 4096;

const FILE_NAME = /^[0-9a-f]{32}\.[0-9a-f]{32}$/;

let written = 0;

export function fileName(url: string, key: string): string {
  return `${digestOf(url)}.${digestOf(key)}`;
}

/** The key of a response among those that vary; the key itself when it does not. */
export function variantKey(key: string, names: readonly string[], values: readonly string[]): string {
  return names.length === 0 ? key : JSON.stringify([key, names, values]);
}

export class DiskFiles {
  readonly #directory: string;

  /** @throws Error that says for whom the directory cannot be used */
  constructor(directory: string) {
    this.#directory = directory;
    try {
      // Not what is above it: that would be a mistake of spelling, and in /proc Node would try for ever.
      if (!existsSync(directory)) mkdirSync(directory, { mode: 0o700 });
      if (!statSync(directory).isDirectory()) throw new Error(`${directory} is not a directory`);
      accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      const reason = (error as Error).message;
      throw new Error(`cannot use the directory of [cache-store] as uid ${process.getuid!()}: ${reason}`);
    }
  }

  async write(name: string, bytes: Buffer): Promise<void> {
    const shard = join(this.#directory, name.slice(0, 2));
    const temporary = join(shard, `new-${process.pid}-${++written}`);
    await mkdir(shard, { recursive: true, mode: 0o700 });
    try {
      await writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 });
      await rename(temporary, join(shard, name));
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
  }

  /** Null when it is not there, or is not what it should be; then it is not there any more. */
  async read(name: string): Promise<Entry | VaryMarker | null> {
    const bytes = await readFile(this.#pathOf(name)).catch(ignoreMissing);
    const file = bytes === null ? null : decode(bytes);
    if (file === null && bytes !== null) await this.unlink(name);
    return file;
  }

  async readHead(name: string): Promise<EntryHead | VaryMarker | null> {
    const file = await open(this.#pathOf(name)).catch(ignoreMissing);
    if (file === null) return null;
    try {
      const start = await readBytes(file, MOST_HEADS_BYTES);
      const needed = bytesBeforeBody(start) ?? 0;
      return decodeHead(needed <= start.length ? start : await readBytes(file, needed));
    } finally {
      await file.close();
    }
  }

  /** Was it there? */
  unlink(name: string): Promise<boolean> {
    return unlink(this.#pathOf(name)).then(
      () => true,
      () => false,
    );
  }

  async describe(name: string): Promise<{ name: string; bytes: number; writtenAtMs: number } | null> {
    const stats = await stat(this.#pathOf(name)).catch(ignoreMissing);
    return stats === null ? null : { name, bytes: stats.size, writtenAtMs: stats.mtimeMs };
  }

  /** Directories may go at any time: somebody has cleaned up. */
  async *names(): AsyncGenerator<string> {
    for (const shard of (await readdir(this.#directory).catch(ignoreMissing)) ?? []) {
      const directory = /^[0-9a-f]{2}$/.test(shard) ? join(this.#directory, shard) : null;
      const files = directory === null ? null : await opendir(directory).catch(ignoreMissing);
      for await (const { name } of files ?? []) {
        if (FILE_NAME.test(name)) yield name;
        else if (name.startsWith('new-')) await removeAbandoned(join(this.#directory, shard, name));
      }
    }
  }

  async *namesOf(url: string): AsyncGenerator<string> {
    const digest = digestOf(url);
    const names = await readdir(join(this.#directory, digest.slice(0, 2))).catch(ignoreMissing);
    for (const name of names ?? []) if (name.startsWith(`${digest}.`)) yield name;
  }

  #pathOf(name: string): string {
    return join(this.#directory, name.slice(0, 2), name);
  }
}

async function removeAbandoned(path: string): Promise<void> {
  const stats = await stat(path).catch(ignoreMissing);
  if (stats !== null && Date.now() - stats.mtimeMs > ABANDONED_MS) await unlink(path).catch(ignoreMissing);
}

async function readBytes(file: FileHandle, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, 0);
  return buffer.subarray(0, bytesRead);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
