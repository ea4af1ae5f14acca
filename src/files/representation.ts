/** What is known of a file before its bytes are read: its validators and the header fields made of them. */
import type { Stats } from 'node:fs';
import { formatHttpDate } from '../base/http-date.ts';
import type { FieldList } from '../exchange.ts';

export interface Representation {
  readonly sizeBytes: number;
  readonly contentType: string;
  /** With its quotes; null: none is known. */
  readonly etag: string | null;
  /** Whole seconds, which is all that a date of HTTP can say; null: not known. */
  readonly lastModifiedMs: number | null;
  /** What also answers without the file have (304, 412): its validators, what caches are told. */
  readonly kept: FieldList;
  /** For answers with the file, or parts of it: everything but Content-Type, which ranges change. */
  readonly rest: FieldList;
  /** For a 200 with the whole file: both. */
  readonly fields: FieldList;
  /** Its bytes are a compressed form: parts of it cannot be sent side by side. */
  readonly isCoded: boolean;
}

export interface Metadata {
  readonly contentType: string;
  /** The content coding of the bytes; null for none. */
  readonly coding?: string | null;
  /** More fields for all answers: Cache-Control, Vary. */
  readonly fields?: FieldList;
}

export function describe(stats: Stats, metadata: Metadata): Representation {
  const { contentType, coding = null, fields = [] } = metadata;
  const lastModifiedMs = Math.floor(stats.mtimeMs / 1000) * 1000;
  const etag = etagOf(stats, coding);
  const kept = ['Last-Modified', formatHttpDate(lastModifiedMs), 'ETag', etag, ...fields];
  const codingFields = coding === null ? [] : ['Content-Encoding', coding];
  const rest = [...kept, ...codingFields, 'Accept-Ranges', 'bytes'];
  return {
    sizeBytes: stats.size,
    contentType,
    etag,
    lastModifiedMs,
    kept,
    rest,
    // Frozen: the gateway may keep what it made of it.
    fields: Object.freeze(['Content-Type', contentType, ...rest]),
    isCoded: coding !== null,
  };
}

/** A strong entity tag: modification time in microseconds and size, as Apache has it, and the coding of the bytes. */
export function etagOf(stats: Stats, coding: string | null = null): string {
  const suffix = coding === null ? '' : `-${coding}`;
  return `"${Math.floor(stats.mtimeMs * 1000).toString(16)}-${stats.size.toString(16)}${suffix}"`;
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
