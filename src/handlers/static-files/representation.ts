/** What is known of a file before its bytes are read: its validators and the header fields made of them. */
import type { Stats } from 'node:fs';
import { formatHttpDate } from '../../base/http-date.ts';
import type { FieldList } from '../../exchange.ts';
import { contentType } from './content-types.ts';

export interface Representation {
  readonly sizeBytes: number;
  readonly contentType: string;
  /** A strong entity tag: modification time in microseconds and size, as Apache has it. */
  readonly etag: string;
  /** Whole seconds, which is all that a date of HTTP can say. */
  readonly lastModifiedMs: number;
  /** For a 304, and the beginning of the others. */
  readonly validatorFields: FieldList;
  /** For a 200 with the whole file. */
  readonly fields: FieldList;
}

export function describe(fileName: string, stats: Stats): Representation {
  const lastModifiedMs = Math.floor(stats.mtimeMs / 1000) * 1000;
  const etag = `"${Math.floor(stats.mtimeMs * 1000).toString(16)}-${stats.size.toString(16)}"`;
  const validatorFields = ['Last-Modified', formatHttpDate(lastModifiedMs), 'ETag', etag];
  const type = contentType(fileName);
  return {
    sizeBytes: stats.size,
    contentType: type,
    etag,
    lastModifiedMs,
    validatorFields,
    // Frozen: the gateway may keep what it made of it.
    fields: Object.freeze(['Content-Type', type, ...validatorFields, 'Accept-Ranges', 'bytes']),
  };
}

/** Did nothing happen to the file between the two? `ctime` and inode notice what keeps size and mtime (`cp -p`, `mv`). */
export function isSameFile(a: Stats, b: Stats): boolean {
  return (
    a.mtimeMs === b.mtimeMs &&
    a.size === b.size &&
    a.ctimeMs === b.ctimeMs &&
    a.ino === b.ino &&
    a.dev === b.dev
  );
}
