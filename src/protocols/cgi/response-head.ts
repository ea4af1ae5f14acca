/**
 * The head of a CGI response (RFC 3875, section 6), read. Text in, UpstreamHead or why not out.
 *
 * Real application servers are looser than the RFC, and nginx and Apache take it: lines end in LF or CRLF, uWSGI begins
 * with an HTTP status line instead of a `Status` field. Names and values are as strict as those of HTTP.
 */
import {
  interpret,
  isBodyless,
  type ResponseLimits,
  readFieldLines,
  UNTIL_CLOSE,
  type UpstreamHead,
} from '../http1/response-reading.ts';

const STATUS_LINE = /^HTTP\/\d\.\d[\t ]+(.*)\r\n/;
const STATUS = /^([1-5]\d\d)(?:[\t ]+([\t\x20-\x7e\x80-\xff]*))?$/;

/** `text` is the head with the end of its last line, without the empty line. A string: why it is refused. */
export function readCgiHead(
  text: string,
  method: string,
  limits: ResponseLimits,
  previous: UpstreamHead | null,
): UpstreamHead | string {
  if (previous !== null && previous.text === text && previous.method === method) return previous;
  const lines = text.includes('\r\n') && !/[^\r]\n/.test(text) ? text : text.replace(/\r?\n/g, '\r\n');
  const statusLine = STATUS_LINE.exec(lines);
  const all: string[] = [];
  const fault = readFieldLines(lines, statusLine?.[0].length ?? 0, limits.fieldsMax, all);
  if (fault !== null) return fault;
  const meaning = interpret(all);
  if (typeof meaning === 'string') return meaning;
  // RFC 3875, section 6.3.4: framing is the business of the server, that is ours.
  if (meaning.isChunked) return 'a Transfer-Encoding, which this protocol does not have';
  const fields: string[] = [];
  let given = statusLine?.[1];
  let location: string | null = null;
  for (let i = 0; i < all.length; i += 2) {
    const lower = all[i]!.toLowerCase();
    if (lower === 'status') {
      if (given !== undefined && statusLine === null) return 'more than one Status';
      given ??= all[i + 1]!;
      continue;
    }
    if (lower === 'location') location = all[i + 1]!;
    fields.push(all[i]!, all[i + 1]!);
  }
  const status = statusOf(given, location);
  if (typeof status === 'string') return status;
  return {
    text,
    method,
    status: status.code,
    reason: status.reason,
    version: 'HTTP/1.1',
    fields,
    connection: meaning.connection,
    bodyLength: isBodyless(method, status.code) ? 0 : (meaning.contentLength ?? UNTIL_CLOSE),
    keepAlive: false,
    localRedirect: given === undefined && location?.startsWith('/') ? location : null,
    derived: null,
  };
}

/** `given`: what was said of it. Without that it follows from `Location` (RFC 3875, section 6.2). */
function statusOf(
  given: string | undefined,
  location: string | null,
): { readonly code: number; readonly reason: string } | string {
  if (given === undefined) return { code: location === null ? 200 : 302, reason: '' };
  const [, digits, reason = ''] = STATUS.exec(given) ?? [];
  if (digits === undefined) return 'a malformed status';
  const code = Number(digits);
  if (code < 200 && code !== 101) return `the interim status ${code}, which this protocol does not have`;
  return { code, reason };
}
