/** Byte ranges: RFC 9110, section 14, and the multipart/byteranges body that carries several. */
import { randomBytes } from 'node:crypto';
import type { Representation } from './representation.ts';

/** Bytes of the file from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** A piece of a response body: text (latin-1) or bytes of the file. */
export type Part = string | ByteRange;

/** More ranges than this are not worth the trouble of anyone: the whole file is sent. */
export const RANGES_MAX = 50;

/**
 * The ranges a Range field asks of a file, in the order asked for. Null: ignore the field (it cannot be read, it is
 * of another unit, or it asks for more than the file has, overlaps and all, which only an attack does: CVE-2011-3192).
 * An empty list: no range can be satisfied (416).
 */
export function parseRanges(field: string, sizeBytes: number): readonly ByteRange[] | null {
  const set = /^bytes=(.+)$/i.exec(field)?.[1]?.split(',');
  // Every range of an empty file is unsatisfiable or empty: the whole of it is the better answer.
  if (set === undefined || set.length > RANGES_MAX || sizeBytes === 0) return null;
  const ranges: ByteRange[] = [];
  let wantedBytes = 0;
  for (const spec of set) {
    const match = /^[ \t]*(\d*)-(\d*)[ \t]*$/.exec(spec);
    if (match === null) return null;
    const range = toRange(match[1]!, match[2]!, sizeBytes);
    if (range === null) return null;
    if (range.start >= range.end) continue;
    ranges.push(range);
    wantedBytes += range.end - range.start;
  }
  return wantedBytes > sizeBytes ? null : ranges;
}

/** An empty range is one that cannot be satisfied; null is a mistake of syntax. */
function toRange(first: string, last: string, sizeBytes: number): ByteRange | null {
  if (first === '' && last === '') return null;
  if (first === '') return { start: Math.max(0, sizeBytes - Number(last)), end: sizeBytes };
  if (last === '') return { start: Number(first), end: sizeBytes };
  if (Number(last) < Number(first)) return null;
  return { start: Number(first), end: Math.min(Number(last) + 1, sizeBytes) };
}

export function contentRange({ start, end }: ByteRange, sizeBytes: number): string {
  return `bytes ${start}-${end - 1}/${sizeBytes}`;
}

/** The body for several ranges. */
export function multipart(
  ranges: readonly ByteRange[],
  file: Representation,
): { type: string; parts: Part[] } {
  const boundary = randomBytes(12).toString('hex');
  const parts: Part[] = [];
  for (const range of ranges) {
    const delimiter = `${parts.length === 0 ? '' : '\r\n'}--${boundary}\r\n`;
    const position = contentRange(range, file.sizeBytes);
    parts.push(`${delimiter}Content-Type: ${file.contentType}\r\nContent-Range: ${position}\r\n\r\n`, range);
  }
  parts.push(`\r\n--${boundary}--\r\n`);
  return { type: `multipart/byteranges; boundary=${boundary}`, parts };
}

export function lengthBytes(parts: readonly Part[]): number {
  return parts.reduce(
    (sum, part) => sum + (typeof part === 'string' ? part.length : part.end - part.start),
    0,
  );
}
