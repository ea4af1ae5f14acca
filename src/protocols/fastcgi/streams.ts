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

/** The same for bytes, which are not copied: the headers stand between them. */
export function frame(type: number, id: number, chunk: Bytes): readonly Bytes[] {
  if (typeof chunk === 'string') return chunk === '' ? [] : [streamOf(type, id, chunk)];
  const parts: Bytes[] = [];
  for (let at = 0; at < chunk.length; at += CONTENT_MAX) {
    const content = chunk.subarray(at, at + CONTENT_MAX);
    parts.push(recordHeader(type, id, content.length), content);
    if (content.length % 8 > 0) parts.push(padding(content.length));
  }
  return parts;
}
