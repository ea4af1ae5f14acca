/**
 * An answer of the application whose body is a file: its status and fields are kept, conditions and ranges of the
 * request are obeyed as for static files.
 */
import { formatHttpDate, parseHttpDate } from '../base/http-date.ts';
import type { Exchange, FieldList } from '../exchange.ts';
import { contentType } from './content-types.ts';
import type { OpenFile } from './open-file.ts';
import { planAnswer } from './plan.ts';
import { etagOf, type Representation } from './representation.ts';
import { sendOpenFile } from './send-file.ts';

/** A part of an open file, which is the body. */
export interface FileBody {
  readonly file: OpenFile;
  /** For the media type, where the application says none. */
  readonly name: string;
  readonly offset: number;
  readonly sizeBytes: number;
}

/** Releases the file when it is done. Throws InvalidField, with nothing sent, like `start`. */
export function answerWithFile(exchange: Exchange, status: number, fields: FieldList, body: FileBody): void {
  const file = described(fields, body);
  const { method } = exchange.request;
  const isPlain = status === 200 && (method === 'GET' || method === 'HEAD');
  const plan = isPlain ? planAnswer(exchange.request, file) : { status, fields: file.fields, parts: null };
  sendOpenFile(exchange, body.file, file, { plan, offset: body.offset });
}

/** What we say of the body ourselves. */
const OURS = new Set(['content-length', 'content-range', 'accept-ranges', 'transfer-encoding']);

function described(
  fields: FieldList,
  { file: { stats }, name, offset, sizeBytes }: FileBody,
): Representation {
  let type: string | null = null;
  let etag: string | null = null;
  // What is known of the file says nothing of a part of it.
  const isWhole = offset === 0 && sizeBytes === stats.size;
  let modified: string | null = null;
  let isCoded = false;
  const kept: string[] = [];
  const content: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const lower = fields[i]!.toLowerCase();
    const value = fields[i + 1]!;
    if (OURS.has(lower)) continue;
    if (lower === 'content-type') {
      type = value;
      continue;
    }
    if (lower === 'etag') etag = value;
    if (lower === 'last-modified') modified = value;
    if (lower === 'content-encoding') isCoded = true;
    (lower.startsWith('content-') ? content : kept).push(fields[i]!, value);
  }
  if (modified === null && isWhole) {
    modified = formatHttpDate(stats.mtimeMs);
    kept.push('Last-Modified', modified);
  }
  if (etag === null && isWhole) {
    etag = etagOf(stats);
    kept.push('ETag', etag);
  }
  const rest = [...content, ...kept, 'Accept-Ranges', 'bytes'];
  const given = type ?? contentType(name);
  return {
    sizeBytes,
    contentType: given,
    etag,
    lastModifiedMs: modified === null ? null : parseHttpDate(modified),
    kept,
    rest,
    fields: ['Content-Type', given, ...rest],
    isCoded,
  };
}
