/** Heads and fields that no client has sent in this form. */
import { fieldName, RequestFields } from '../../fields.ts';
import type { RequestHead } from '../../protocols/http1/request-head.ts';

/** Stands for a request whose head cannot be read; `-` is what access logs show. */
export const NO_HEAD: RequestHead = {
  method: '-',
  target: '-',
  path: '-',
  decodedPath: '-',
  query: '',
  version: 'HTTP/1.1',
  authority: '',
  block: {
    text: '',
    version: 'HTTP/1.1',
    fields: new RequestFields(),
    host: '',
    keepAlive: false,
    bodyLength: 0,
    expectContinue: false,
  },
};

const FRAMING = new Set(['transfer-encoding', 'content-length', 'trailer']);
const CONTENT_LENGTH = fieldName('Content-Length');

/** The fields of a chunked request whose body has been collected: its length is known now. */
export function withContentLength(fields: RequestFields, bytes: number): RequestFields {
  const known = new RequestFields();
  for (let i = 0; i < fields.names.length; i++) {
    if (!FRAMING.has(fields.names[i]!.lower)) known.add(fields.names[i]!, fields.values[i]!);
  }
  known.add(CONTENT_LENGTH, String(bytes));
  return known;
}

const HOST = fieldName('Host');

/** The fields of a request with the host that counts. */
export function fieldsOf({ authority, block }: RequestHead): RequestFields {
  return authority === block.host ? block.fields : withHost(block.fields, authority);
}

/** The host of an absolute target takes the place of the Host field (RFC 9112, section 3.2.2). */
function withHost(fields: RequestFields, host: string): RequestFields {
  const replaced = new RequestFields();
  replaced.add(HOST, host);
  for (let i = 0; i < fields.names.length; i++) {
    if (fields.names[i]!.lower !== 'host') replaced.add(fields.names[i]!, fields.values[i]!);
  }
  return replaced;
}
