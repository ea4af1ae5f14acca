/**
 * The head of a response of somebody else, read (RFC 9112, sections 4 to 6). Text in, UpstreamHead or why not out.
 *
 * As strict as the request side: what could be framed in two ways is refused, so that no bytes of one answer can ever be
 * taken for the beginning of the next. Servers on a kept-alive connection repeat themselves: the caller passes the head
 * before this one, and an equal one is not parsed again.
 */
import type { FieldList } from '../../exchange.ts';
import { tokenCharacters, valueCharacters } from './characters.ts';
import { CHUNKED } from './framing.ts';

export interface ResponseLimits {
  /** Bytes of status line and fields, and of the trailer section. */
  readonly headMax: number;
  readonly fieldsMax: number;
}

/** The body ends where the connection does. */
export const UNTIL_CLOSE = -2;

export interface UpstreamHead {
  readonly text: string;
  readonly method: string;
  readonly status: number;
  readonly reason: string;
  readonly version: 'HTTP/1.0' | 'HTTP/1.1';
  /** All of them, as they came; values are trimmed. */
  readonly fields: FieldList;
  /** The options of the Connection field, in lower case. */
  readonly connection: readonly string[];
  /** Bytes, CHUNKED or UNTIL_CLOSE. */
  readonly bodyLength: number;
  readonly keepAlive: boolean;
  /** A path that takes the place of the answer (RFC 3875, section 6.2.2); null where the server speaks HTTP. */
  readonly localRedirect: string | null;
  /** Room for what the reader of the head made of it: heads are repeated. */
  derived: unknown;
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/;
const LENGTH = /^\d{1,15}$/;

/** `text` is the head without the empty line that ends it. `method` is that of the request. A string: why it is refused. */
export function readResponseHead(
  text: string,
  method: string,
  limits: ResponseLimits,
  previous: UpstreamHead | null,
): UpstreamHead | string {
  if (previous !== null && previous.text === text && previous.method === method) return previous;
  const lineEnd = text.indexOf('\r\n');
  const [, minor, digits, reason = ''] = STATUS_LINE.exec(text.slice(0, lineEnd)) ?? [];
  if (digits === undefined) return 'a malformed status line';
  const version = minor === '1' ? 'HTTP/1.1' : 'HTTP/1.0';
  const status = Number(digits);
  const fields: string[] = [];
  const fault = readFieldLines(text, lineEnd + 2, limits.fieldsMax, fields);
  if (fault !== null) return fault;
  const meaning = interpret(fields);
  if (typeof meaning === 'string') return meaning;
  const bodyLength = lengthOf(method, status, version, meaning);
  if (typeof bodyLength === 'string') return bodyLength;
  const { connection } = meaning;
  const persists = version === 'HTTP/1.1' || connection.includes('keep-alive');
  return {
    text,
    method,
    status,
    reason,
    version,
    fields,
    connection,
    bodyLength,
    keepAlive: persists && !connection.includes('close') && isInStep(method, status, bodyLength, meaning),
    localRedirect: null,
    derived: null,
  };
}

/** Field lines from `at` on into `fields`: name, value, … Returns what is wrong with them. */
export function readFieldLines(
  text: string,
  from: number,
  fieldsMax: number,
  fields: string[],
): string | null {
  let at = from;
  while (at < text.length) {
    const nameEnd = scan(text, at, tokenCharacters);
    if (nameEnd === at || text.charCodeAt(nameEnd) !== 58 /* : */) return 'a malformed field line';
    const lineEnd = scan(text, nameEnd + 1, valueCharacters);
    if (text.charCodeAt(lineEnd) !== 13 || text.charCodeAt(lineEnd + 1) !== 10)
      return 'a control character in a field value';
    if (fields.length >= fieldsMax * 2) return `more than ${fieldsMax} fields`;
    let start = nameEnd + 1;
    let end = lineEnd;
    while (start < end && isBlank(text.charCodeAt(start))) start++;
    while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
    fields.push(text.slice(at, nameEnd), text.slice(start, end));
    at = lineEnd + 2;
  }
  return null;
}

function scan(text: string, from: number, allowed: Uint8Array): number {
  let at = from;
  while (at < text.length && allowed[text.charCodeAt(at)] === 1) at++;
  return at;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** What the fields say about the framing. */
interface Meaning {
  readonly contentLength: number | null;
  readonly isChunked: boolean;
  readonly connection: readonly string[];
}

export function interpret(fields: FieldList): Meaning | string {
  let contentLength: number | null = null;
  let isChunked = false;
  let connection: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1]!;
    switch (fields[i]!.toLowerCase()) {
      case 'content-length':
        if (contentLength !== null) return 'more than one Content-Length';
        if (!LENGTH.test(value)) return 'a malformed Content-Length';
        contentLength = Number(value);
        break;
      case 'transfer-encoding':
        // Only what we have asked for, and the only coding that every recipient must know.
        if (isChunked || value.toLowerCase() !== 'chunked') return 'a Transfer-Encoding other than chunked';
        isChunked = true;
        break;
      case 'connection':
        connection = connection.concat(value.toLowerCase().split(/[\t ]*,[\t ]*/));
        break;
    }
  }
  if (isChunked && contentLength !== null) return 'Content-Length together with Transfer-Encoding';
  return { contentLength, isChunked, connection };
}

/** RFC 9112, section 6.3. */
function lengthOf(
  method: string,
  status: number,
  version: string,
  { contentLength, isChunked }: Meaning,
): number | string {
  if (isChunked && version === 'HTTP/1.0') return 'Transfer-Encoding in an HTTP/1.0 response';
  if (isBodyless(method, status)) return 0;
  if (isChunked) return CHUNKED;
  return contentLength ?? UNTIL_CLOSE;
}

export function isBodyless(method: string, status: number): boolean {
  return method === 'HEAD' || status < 200 || status === 204 || status === 304;
}

/**
 * A body may come where none may be, and nobody would know where it ends: when one is announced, and after HEAD, which
 * applications on servers such as gunicorn answer like GET. It would be taken for the answer to somebody else.
 */
function isInStep(method: string, status: number, bodyLength: number, meaning: Meaning): boolean {
  if (bodyLength === UNTIL_CLOSE || method === 'HEAD') return false;
  const forbidden = status < 200 || status === 204;
  return !(meaning.isChunked && isBodyless(method, status)) && !(forbidden && meaning.contentLength);
}
