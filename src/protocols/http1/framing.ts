/**
 * How long the body of a request is (RFC 9112, section 6). Two readings of this by two servers in a row is how
 * requests are smuggled, so whatever is ambiguous is refused.
 */
import type { RequestFields } from '../../fields.ts';
import { Refusal } from './refusal.ts';

/** Body length in bytes; 0 for no body. */
export const CHUNKED = -1;

const DIGITS = /^\d{1,15}$/;
/** Codings that may stand before `chunked`; the application gets the body still coded with them. */
const CODINGS = new Set(['gzip', 'x-gzip', 'deflate', 'compress', 'x-compress', 'identity']);

export function bodyLength(version: string, fields: RequestFields): number | Refusal {
  const contentLength = fields.joined('content-length');
  const transferEncoding = fields.joined('transfer-encoding');
  if (transferEncoding !== null && transferEncoding.toLowerCase() !== 'identity') {
    if (contentLength !== null) return new Refusal(400, 'Content-Length together with Transfer-Encoding');
    if (version !== 'HTTP/1.1') return new Refusal(400, 'Transfer-Encoding in an HTTP/1.0 request');
    return chunkedLength(transferEncoding);
  }
  if (contentLength === null) return 0;
  if (!DIGITS.test(contentLength)) return new Refusal(400, 'malformed or repeated Content-Length');
  return Number(contentLength);
}

function chunkedLength(transferEncoding: string): number | Refusal {
  // Not trim(): it takes the byte A0 for a space, and a server in front of us would not see `chunked` there.
  const codings = transferEncoding.toLowerCase().split(/[\t ]*,[\t ]*/);
  if (codings.pop() !== 'chunked') return new Refusal(400, 'Transfer-Encoding does not end in chunked');
  for (const coding of codings) {
    if (coding === 'chunked') return new Refusal(400, 'chunked more than once in Transfer-Encoding');
    if (!CODINGS.has(coding)) return new Refusal(501, 'unknown transfer coding');
  }
  return CHUNKED;
}
