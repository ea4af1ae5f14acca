/**
 * Stored responses on disk, for more than memory holds and for after a restart. One file holds one response
 * (disk-format.ts):
 *
 *   DIRECTORY/AB/URL.KEY     URL and KEY: digests in hex, AB: the first two digits of URL
 *
 * Files are written beside and renamed, so that one is there whole or not at all; what a crash has left or a failing
 * disk has changed does not pass its checksum and is thrown away. Responses that vary are found through a file under the
 * name of their key alone, which says by which fields. All files of a URL begin with the same digest, so that it can be
 * purged without knowing its keys. Several gateways may use a directory at once, as they do during a reload: every file
 * speaks for itself, and what is remembered here are only sizes, which are looked at anew now and then.
 */
import { createHash } from 'node:crypto';
import { accessSync, constants, mkdirSync } from 'node:fs';
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
import type { RequestFields } from '../../fields.ts';
import type { Log } from '../../telemetry/log.ts';
import { bytesBeforeBody, decode, decodeHead, encode, type VaryMarker } from './disk-format.ts';
import { DiskIndex } from './disk-index.ts';
import { Entry, type EntryHead } from './entry.ts';
import type { Purge } from './store.ts';
import { varyValue } from './vary.ts';

/** Responses that wait to be written. What comes while there are more is kept in memory alone. */
const UNWRITTEN_BYTES_MAX = 32 * 1024 ** 2;
const LOOK_AGAIN_MS = 10 * 60_000;
/** What was begun so long ago will not be finished. */
const ABANDONED_MS = 3600_000;
/** Ways in which the answers of one key vary. */
const MARKERS_MAX = 4;

/** Most heads are shorter: one read is enough. */
const MOST_HEADS_BYTES = 4096;

const FILE_NAME = /^[0-9a-f]{32}\.[0-9a-f]{32}$/;

export class DiskStore {
  readonly #directory: string;
  readonly #bytesMax: number;
  readonly #log: Log;
  readonly #index = new DiskIndex();
  #hasLooked = false;
  /** When it is known what is there. */
  looked: Promise<void>;
  #isClosed = false;
  #unwritten: Entry[] = [];
  #unwrittenBytes = 0;
  #writing: Promise<void> | null = null;
  /** The response that is being written now. */
  #current: Promise<unknown> = Promise.resolve();
  #hasFailed = false;
  #temporary = 0;
  readonly #timer: NodeJS.Timeout;

  /** Throws when the directory cannot be made. */
  constructor(directory: string, bytesMax: number, log: Log) {
    this.#directory = directory;
    this.#bytesMax = bytesMax;
    this.#log = log;
    makeDirectory(directory);
    this.looked = this.#look();
    this.#timer = setInterval(() => {
      this.looked = this.#look();
    }, LOOK_AGAIN_MS).unref();
  }

  get bytes(): number {
    return this.#index.bytes;
  }

  get files(): number {
    return this.#index.files;
  }

  find(key: string, url: string, fields: RequestFields, found: (entry: Entry | null) => void): void {
    const name = fileName(url, key);
    // Most requests for what is not there are answered without a look.
    if (this.#hasLooked && !this.#index.has(name)) return found(null);
    this.#read(name)
      .then(async (file) => {
        if (file === null || file instanceof Entry) return file;
        for (const names of file.marker) {
          const entry = await this.#read(
            fileName(
              url,
              variantKey(key, names, (one) => varyValue(fields, one)),
            ),
          );
          if (entry instanceof Entry) return entry;
        }
        return null;
      })
      .then((entry) => (entry !== null && entry.head.key === key && entry.suits(fields) ? entry : null))
      .catch((error: Error) => this.#failed(error))
      .then((entry) => found(entry ?? null));
  }

  put(entry: Entry): void {
    const { weightBytes } = entry;
    if (this.#unwrittenBytes + weightBytes > UNWRITTEN_BYTES_MAX || weightBytes > this.#bytesMax) return;
    this.#unwritten.push(entry);
    this.#unwrittenBytes += weightBytes;
    this.#writing ??= this.#writeAll();
  }

  remove({ head }: Entry): void {
    void this.#unlink(
      fileName(
        head.url,
        variantKey(head.key, head.varyNames, (_, i) => head.varyValues[i]!),
      ),
    );
  }

  /** How many files are gone. What is being written now is gone, too, when this resolves. */
  async purge(purge: Purge, isMeant: (head: EntryHead) => boolean): Promise<number> {
    this.#unwritten = this.#unwritten.filter(({ head }) => !isMeant(head));
    await this.#current;
    let purged = 0;
    for await (const name of purge.kind === 'url' ? this.#namesOf(purge.value) : this.#names()) {
      const head = purge.kind === 'all' ? null : await this.#readHead(name);
      if (purge.kind !== 'all' && (head === null || 'marker' in head || !isMeant(head))) continue;
      if (await this.#unlink(name)) purged++;
    }
    return purged;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#isClosed = true;
    await this.looked;
    await this.#writing;
  }

  // Writing

  async #writeAll(): Promise<void> {
    for (let entry = this.#unwritten.shift(); entry !== undefined; entry = this.#unwritten.shift()) {
      this.#unwrittenBytes -= entry.weightBytes;
      this.#current = this.#write(entry).catch((error: Error) => this.#failed(error));
      await this.#current;
    }
    this.#unwrittenBytes = 0;
    this.#writing = null;
  }

  async #write({ head, body }: Entry): Promise<void> {
    const { key, url, varyNames, varyValues } = head;
    const name = fileName(
      url,
      variantKey(key, varyNames, (_, i) => varyValues[i]!),
    );
    const pieces = encode(head, body);
    if (pieces === null || !this.#index.hasRoom(name)) return;
    await this.#writeFile(name, pieces);
    if (varyNames.length > 0) await this.#mark(key, url, varyNames);
    await this.#makeRoom();
  }

  /** The answers of the key vary by these fields, beside the ways that are known already. */
  async #mark(key: string, url: string, names: readonly string[]): Promise<void> {
    const name = fileName(url, key);
    const file = await this.#read(name);
    const known = file !== null && 'marker' in file ? file.marker : [];
    if (known.some((one) => one.join() === names.join())) return;
    const marker: VaryMarker = { key, url, marker: [names, ...known].slice(0, MARKERS_MAX) };
    const pieces = encode(marker, Buffer.alloc(0));
    if (pieces !== null) await this.#writeFile(name, pieces);
  }

  async #writeFile(name: string, pieces: readonly Buffer[]): Promise<void> {
    const bytes = Buffer.concat(pieces);
    const path = this.#pathOf(name);
    const temporary = join(this.#directory, name.slice(0, 2), `new-${process.pid}-${++this.#temporary}`);
    await mkdir(join(this.#directory, name.slice(0, 2)), { recursive: true, mode: 0o700 });
    try {
      await writeFile(temporary, bytes, { flag: 'wx', mode: 0o600 });
      await rename(temporary, path);
    } catch (error) {
      await unlink(temporary).catch(() => {});
      throw error;
    }
    this.#index.add(name, bytes.length);
    this.#hasFailed = false;
  }

  async #makeRoom(): Promise<void> {
    while (this.#index.bytes > this.#bytesMax) await this.#unlink(this.#index.oldest()!);
  }

  // Reading

  /** Null when it is not there, or is not what it should be. */
  async #read(name: string): Promise<Entry | VaryMarker | null> {
    const bytes = await readFile(this.#pathOf(name)).catch(ignoreMissing);
    const file = bytes === null ? null : decode(bytes);
    if (file !== null) this.#index.touch(name);
    else if (bytes !== null) await this.#unlink(name);
    else this.#index.delete(name);
    return file;
  }

  async #readHead(name: string): Promise<EntryHead | VaryMarker | null> {
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
  async #unlink(name: string): Promise<boolean> {
    this.#index.delete(name);
    return unlink(this.#pathOf(name)).then(
      () => true,
      () => false,
    );
  }

  // Looking through the directory

  async #look(): Promise<void> {
    const found: { name: string; bytes: number; usedAtMs: number }[] = [];
    this.#index.beginLook();
    try {
      for await (const name of this.#names()) {
        const stats = await stat(this.#pathOf(name)).catch(ignoreMissing);
        if (stats !== null) found.push({ name, bytes: stats.size, usedAtMs: stats.mtimeMs });
        if (this.#isClosed) return;
      }
      this.#index.endLook(found.sort((a, b) => a.usedAtMs - b.usedAtMs));
      this.#hasLooked = true;
      await this.#makeRoom();
    } catch (error) {
      this.#failed(error as Error);
    }
  }

  /** Directories may go at any time: somebody has cleaned up. */
  async *#names(): AsyncGenerator<string> {
    for (const shard of (await readdir(this.#directory).catch(ignoreMissing)) ?? []) {
      const directory = /^[0-9a-f]{2}$/.test(shard) ? join(this.#directory, shard) : null;
      const files = directory === null ? null : await opendir(directory).catch(ignoreMissing);
      for await (const { name } of files ?? []) {
        if (FILE_NAME.test(name)) yield name;
        else if (name.startsWith('new-')) await this.#removeAbandoned(join(this.#directory, shard, name));
      }
    }
  }

  async *#namesOf(url: string): AsyncGenerator<string> {
    const digest = digestOf(url);
    const names = await readdir(join(this.#directory, digest.slice(0, 2))).catch(ignoreMissing);
    for (const name of names ?? []) if (name.startsWith(`${digest}.`)) yield name;
  }

  async #removeAbandoned(path: string): Promise<void> {
    const stats = await stat(path).catch(ignoreMissing);
    if (stats !== null && Date.now() - stats.mtimeMs > ABANDONED_MS) await unlink(path).catch(ignoreMissing);
  }

  #pathOf(name: string): string {
    return join(this.#directory, name.slice(0, 2), name);
  }

  /** The cache goes on in memory; once is enough to say so. */
  #failed(error: Error): null {
    if (!this.#hasFailed)
      this.#log.error('cache-directory-failed', `answers cannot be kept on disk: ${error.message}`);
    this.#hasFailed = true;
    return null;
  }
}

/** @throws Error that says for whom it cannot be used */
function makeDirectory(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    const reason = (error as Error).message;
    throw new Error(`cannot use the directory of [cache-store] as uid ${process.getuid!()}: ${reason}`);
  }
}

async function readBytes(file: FileHandle, bytes: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(bytes), 0, bytes, 0);
  return buffer.subarray(0, bytesRead);
}

function fileName(url: string, key: string): string {
  return `${digestOf(url)}.${digestOf(key)}`;
}

/** The key of a response among those that vary; the key itself when it does not. */
function variantKey(
  key: string,
  names: readonly string[],
  value: (name: string, i: number) => string,
): string {
  return names.length === 0 ? key : JSON.stringify([key, names, names.map(value)]);
}

function digestOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function ignoreMissing(error: NodeJS.ErrnoException): null {
  if (error.code === 'ENOENT') return null;
  throw error;
}
