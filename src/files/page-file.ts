/** A file that is sent whole, in memory: an error page, a fixed answer. When it has changed the new one is sent a little later; when it is gone, the old one. */
import { readFile, readFileSync, stat } from 'node:fs';
import type { FieldList } from '../exchange.ts';

const TYPES: Readonly<Record<string, string>> = {
  json: 'application/json',
  txt: 'text/plain; charset=utf-8',
  xml: 'application/xml',
};
const HTML = 'text/html; charset=utf-8';
const CHECK_MS = 1_000;

export class PageFile {
  readonly #path: string;
  /** As of an error page, which is HTML if nothing is known of it. */
  readonly fields: FieldList;
  #bytes: Buffer;
  #modifiedMs = 0;
  #checkedAt = Number.NEGATIVE_INFINITY;

  /** Throws when it cannot be read. */
  constructor(path: string) {
    this.#path = path;
    this.fields = ['Content-Type', TYPES[/\.([^./]+)$/.exec(path)?.[1] ?? ''] ?? HTML];
    this.#bytes = readFileSync(path);
  }

  get bytes(): Buffer {
    const now = performance.now();
    if (now - this.#checkedAt >= CHECK_MS) {
      this.#checkedAt = now;
      stat(this.#path, (error, found) => {
        if (error === null && found.mtimeMs !== this.#modifiedMs) this.#read(found.mtimeMs);
      });
    }
    return this.#bytes;
  }

  #read(modifiedMs: number): void {
    readFile(this.#path, (error, bytes) => {
      if (error !== null) return;
      this.#bytes = bytes;
      this.#modifiedMs = modifiedMs;
    });
  }
}
