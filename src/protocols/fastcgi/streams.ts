/** Text and bytes of a stream (PARAMS, STDIN, STDOUT, STDERR) as records, full ones without padding. */
import type { Bytes } from '../../exchange.ts';
import { CONTENT_MAX, padding, record, recordHeader } from './records.ts';

/** Latin-1 text of any length as records in one text; '' for none, since an empty record is the end of a stream. */
export function streamOf(type: number, id: number, text: string): string {
  if (text.length <= CONTENT_MAX) return text === '' ? '' : record(type, id, text);
  let records = '';
  for (let at = 0; at < text.length; at += CONTENT_MAX)
    records += record(type, id, text.slice(at, at + CONTENT_MAX));
  return records;
}

/** Up to this size bytes are copied, so that they go out with what stands around them in one write. */
const COPIED_MAX = 4096;

/** The same for bytes: the headers stand between them. */
export function frame(type: number, id: number, chunk: Bytes): readonly Bytes[] {
  if (chunk.length === 0) return [];
  if (typeof chunk === 'string') return [streamOf(type, id, chunk)];
  if (chunk.length <= COPIED_MAX) {
    const text = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).latin1Slice();
    return [record(type, id, text)];
  }
  const parts: Bytes[] = [];
  for (let at = 0; at < chunk.length; at += CONTENT_MAX) {
    const content = chunk.subarray(at, at + CONTENT_MAX);
    parts.push(recordHeader(type, id, content.length), content);
    if (content.length % 8 > 0) parts.push(padding(content.length));
  }
  return parts;
}
