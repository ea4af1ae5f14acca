/**
 * Stored responses on disk, for more than memory holds and for after a restart. One file holds one response
 * (disk-format.ts, disk-files.ts). Responses that vary are found through a file under the name of their key alone, which
 * says by which fields. All files of a URL begin with the same digest, so that it can be purged without knowing its keys.
 * Several gateways may use a directory at once, as they do during a reload: every file speaks for itself, and what is
 * remembered here are only sizes, which are looked at anew now and then.
 */
import type { RequestFields } from '../../fields.ts';
import type { Log } from '../../telemetry/log.ts';
import { DiskFiles, fileName, variantKey } from './disk-files.ts';
import { encode, type VaryMarker } from './disk-format.ts';
import { DiskIndex } from './disk-index.ts';
import { Entry, type EntryHead } from './entry.ts';
import type { Purge } from './store.ts';
import { varyValue } from './vary.ts';

/** Responses that wait to be written. What comes while there are more is kept in memory alone. */
const UNWRITTEN_BYTES_MAX = 32 * 1024 ** 2;
const LOOK_AGAIN_MS = 10 * 60_000;
/** Ways in which the answers of one key vary. */
const MARKERS_MAX = 4;

export class DiskStore {
  readonly #files: DiskFiles;
  readonly #bytesMax: number;
  readonly #log: Log;
  readonly #index = new DiskIndex();
  /** When it is known what is there. */
  looked: Promise<void>;
  #hasLooked = false;
  readonly #timer: NodeJS.Timeout;
  #unwritten: Entry[] = [];
  #unwrittenBytes = 0;
  #writing: Promise<void> | null = null;
  /** The response that is being written now. */
  #current: Promise<unknown> = Promise.resolve();
  #hasFailed = false;
  #isClosed = false;

  /** Throws when the directory cannot be used. */
  constructor(directory: string, bytesMax: number, log: Log) {
    this.#files = new DiskFiles(directory);
    this.#bytesMax = bytesMax;
    this.#log = log;
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
    // Most requests for what is not there are answered without a look.
    if (this.#hasLooked && !this.#index.has(fileName(url, key))) return found(null);
    this.#find(key, url, fields)
      .catch((error: Error) => this.#failed(error, null))
      .then(found);
  }

  put(entry: Entry): void {
    const { weightBytes } = entry;
    if (this.#unwrittenBytes + weightBytes > UNWRITTEN_BYTES_MAX || weightBytes > this.#bytesMax) return;
    this.#unwritten.push(entry);
    this.#unwrittenBytes += weightBytes;
    this.#writing ??= this.#writeAll();
  }

  remove(entry: Entry): void {
    this.#unwritten = this.#unwritten.filter((one) => one !== entry);
    void this.#unlink(nameOf(entry.head));
  }

  /** How many files are gone. What is being written now is gone, too, when this resolves. */
  async purge(purge: Purge, isMeant: (head: EntryHead) => boolean): Promise<number> {
    this.#unwritten = this.#unwritten.filter(({ head }) => !isMeant(head));
    await this.#current;
    let purged = 0;
    try {
      for await (const name of purge.kind === 'url'
        ? this.#files.namesOf(purge.value)
        : this.#files.names()) {
        const head = purge.kind === 'all' ? null : await this.#files.readHead(name);
        if (purge.kind !== 'all' && (head === null || 'marker' in head || !isMeant(head))) continue;
        if (await this.#unlink(name)) purged++;
      }
    } catch (error) {
      this.#failed(error as Error, null);
    }
    return purged;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#isClosed = true;
    await this.looked;
    await this.#writing;
  }

  async #find(key: string, url: string, fields: RequestFields): Promise<Entry | null> {
    let file = await this.#read(fileName(url, key));
    if (file !== null && 'marker' in file) {
      const ways = file.marker;
      file = null;
      for (const names of ways) {
        const values = names.map((name) => varyValue(fields, name));
        file ??= await this.#read(fileName(url, variantKey(key, names, values)));
      }
    }
    return file instanceof Entry && file.head.key === key && file.suits(fields) ? file : null;
  }

  async #writeAll(): Promise<void> {
    for (let entry = this.#unwritten.shift(); entry !== undefined; entry = this.#unwritten.shift()) {
      this.#unwrittenBytes -= entry.weightBytes;
      this.#current = this.#write(entry).catch((error: Error) => this.#failed(error, undefined));
      await this.#current;
    }
    this.#unwrittenBytes = 0;
    this.#writing = null;
  }

  async #write({ head, body }: Entry): Promise<void> {
    const name = nameOf(head);
    if (!this.#index.hasRoom(name)) return;
    await this.#writeFile(name, encode(head, body));
    if (head.varyNames.length > 0) await this.#mark(head);
    while (this.#index.bytes > this.#bytesMax) await this.#unlink(this.#index.oldest()!);
  }

  /** The answers of the key vary by these fields, beside the ways that are known already. */
  async #mark({ key, url, varyNames }: EntryHead): Promise<void> {
    const name = fileName(url, key);
    const file = await this.#read(name);
    const known = file !== null && 'marker' in file ? file.marker : [];
    if (known.some((names) => names.join() === varyNames.join())) return;
    const marker: VaryMarker = { key, url, marker: [varyNames, ...known].slice(0, MARKERS_MAX) };
    await this.#writeFile(name, encode(marker, Buffer.alloc(0)));
  }

  /** Null: it is too large for a file. */
  async #writeFile(name: string, bytes: Buffer | null): Promise<void> {
    if (bytes === null) return;
    await this.#files.write(name, bytes);
    this.#index.add(name, bytes.length);
    this.#hasFailed = false;
  }

  async #read(name: string): Promise<Entry | VaryMarker | null> {
    const file = await this.#files.read(name);
    if (file === null) this.#index.delete(name);
    else this.#index.touch(name);
    return file;
  }

  #unlink(name: string): Promise<boolean> {
    this.#index.delete(name);
    return this.#files.unlink(name);
  }

  /** Through the whole directory. */
  async #look(): Promise<void> {
    const found: { name: string; bytes: number; writtenAtMs: number }[] = [];
    this.#index.beginLook();
    try {
      for await (const name of this.#files.names()) {
        const file = await this.#files.describe(name);
        if (file !== null) found.push(file);
        if (this.#isClosed) return;
      }
      this.#index.endLook(found.sort((a, b) => a.writtenAtMs - b.writtenAtMs));
      this.#hasLooked = true;
      while (this.#index.bytes > this.#bytesMax) await this.#unlink(this.#index.oldest()!);
    } catch (error) {
      this.#failed(error as Error, undefined);
    }
  }

  /** The cache goes on in memory; once is enough to say so. */
  #failed<T>(error: Error, instead: T): T {
    if (!this.#hasFailed)
      this.#log.error('cache-directory-failed', `answers cannot be kept on disk: ${error.message}`);
    this.#hasFailed = true;
    return instead;
  }
}

function nameOf({ url, key, varyNames, varyValues }: EntryHead): string {
  return fileName(url, variantKey(key, varyNames, varyValues));
}
