/**
 * The head of a request: request line and fields (RFC 9112, sections 3 and 5). Text in, RequestHead or Refusal out.
 *
 * Clients on a kept-alive connection repeat themselves, so the caller passes the head before this one: an equal
 * block of fields is not parsed again but shared, with everything that was derived from it.
 */
import { fieldName, RequestFields } from '../../fields.ts';
import { methodCharacters, targetCharacters, tokenCharacters, valueCharacters } from './characters.ts';
import { bodyLength } from './framing.ts';
import { Refusal } from './refusal.ts';
import { isAuthority, parseTarget } from './request-target.ts';

export interface HeadLimits {
  /** Bytes of the request line without its line break. */
  readonly limitRequestLine: number;
  readonly limitRequestFields: number;
  /** Bytes of one field line with its line break, as gunicorn counts. */
  readonly limitRequestFieldSize: number;
  /** Bytes of the whole head without the empty line that ends it. */
  readonly limitRequestHead: number;
}

export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly path: string;
  readonly decodedPath: string;
  readonly query: string;
  readonly version: 'HTTP/1.0' | 'HTTP/1.1';
  readonly authority: string;
  readonly block: FieldBlock;
}

/** The fields and what they mean for the connection. */
export interface FieldBlock {
  /** The lines as they came, without the request line; what two heads are compared by. */
  readonly text: string;
  readonly version: string;
  readonly fields: RequestFields;
  readonly host: string;
  readonly keepAlive: boolean;
  /** Bytes, or CHUNKED. */
  readonly bodyLength: number;
  readonly expectContinue: boolean;
}

const VERSION_1_1 = 'HTTP/1.1';
const VERSION_1_0 = 'HTTP/1.0';
/** Options of the Connection field (RFC 9112, section 9.3); of the two, close wins. */
const CLOSE = /,[\t ]*close[\t ]*(?:,|$)/i;
const KEEP_ALIVE = /,[\t ]*keep-alive[\t ]*(?:,|$)/i;

/** `text` is the head without the empty line that ends it, its last line's CRLF included. */
export function parseRequestHead(
  text: string,
  limits: HeadLimits,
  previous: RequestHead | null,
): RequestHead | Refusal {
  if (text.length - 2 > limits.limitRequestHead)
    return new Refusal(431, 'request head longer than limit-request-head');
  const lineEnd = text.indexOf('\r\n');
  if (lineEnd > limits.limitRequestLine)
    return new Refusal(414, 'request line longer than limit-request-line');
  const methodEnd = scan(text, 0, methodCharacters);
  if (methodEnd === 0 || text.charCodeAt(methodEnd) !== 32) return new Refusal(400, 'malformed request line');
  const targetEnd = scan(text, methodEnd + 1, targetCharacters);
  if (targetEnd === methodEnd + 1 || text.charCodeAt(targetEnd) !== 32)
    return new Refusal(400, 'malformed request line');
  const version = parseVersion(text, targetEnd + 1, lineEnd);
  if (version instanceof Refusal) return version;

  const method = text.slice(0, methodEnd);
  const line = text.slice(methodEnd + 1, targetEnd);
  const target = parseTarget(method, line);
  if (target instanceof Refusal) return target;

  const blockText = text.slice(lineEnd + 2);
  const block =
    previous !== null && previous.block.text === blockText && previous.block.version === version
      ? previous.block
      : parseFieldBlock(blockText, version, limits);
  if (block instanceof Refusal) return block;
  return {
    method,
    target: line,
    path: target.path,
    decodedPath: target.decodedPath,
    query: target.query,
    version,
    authority: target.authority ?? block.host,
    block,
  };
}

function parseVersion(text: string, from: number, end: number): 'HTTP/1.0' | 'HTTP/1.1' | Refusal {
  if (end - from === 8 && text.startsWith(VERSION_1_1, from)) return VERSION_1_1;
  if (end - from === 8 && text.startsWith(VERSION_1_0, from)) return VERSION_1_0;
  if (/^HTTP\/\d\.\d$/.test(text.slice(from, end))) return new Refusal(505, 'HTTP version is not 1.0 or 1.1');
  return new Refusal(400, 'malformed request line');
}

/** Index of the first character from `from` on that the table does not have. */
function scan(text: string, from: number, allowed: Uint8Array): number {
  let at = from;
  while (at < text.length && allowed[text.charCodeAt(at)] === 1) at++;
  return at;
}

function parseFieldBlock(
  text: string,
  version: 'HTTP/1.0' | 'HTTP/1.1',
  limits: HeadLimits,
): FieldBlock | Refusal {
  const fields = new RequestFields();
  const refusal = parseFieldLines(text, limits, fields);
  if (refusal !== null) return refusal;
  return interpret(text, version, fields);
}

/** Field lines into `fields`; also used for trailers. */
export function parseFieldLines(text: string, limits: HeadLimits, fields: RequestFields): Refusal | null {
  let at = 0;
  while (at < text.length) {
    const nameEnd = scan(text, at, tokenCharacters);
    // No space before the colon, no continuation lines (RFC 9112, sections 5.1 and 5.2).
    if (nameEnd === at || text.charCodeAt(nameEnd) !== 58 /* : */)
      return new Refusal(400, 'malformed field line');
    const lineEnd = scan(text, nameEnd + 1, valueCharacters);
    if (text.charCodeAt(lineEnd) !== 13 || text.charCodeAt(lineEnd + 1) !== 10) {
      return new Refusal(400, 'control character in a field value');
    }
    if (lineEnd + 2 - at > limits.limitRequestFieldSize)
      return new Refusal(431, 'field longer than limit-request-field-size');
    if (fields.names.length >= limits.limitRequestFields)
      return new Refusal(431, 'more fields than limit-request-fields');
    let from = nameEnd + 1;
    let to = lineEnd;
    while (from < to && isBlank(text.charCodeAt(from))) from++;
    while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
    fields.add(fieldName(text.slice(at, nameEnd)), text.slice(from, to));
    at = lineEnd + 2;
  }
  return null;
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

function interpret(
  text: string,
  version: 'HTTP/1.0' | 'HTTP/1.1',
  fields: RequestFields,
): FieldBlock | Refusal {
  let host: string | null = null;
  let contentTypes = 0;
  let connection = '';
  let expectContinue = false;
  for (let i = 0; i < fields.names.length; i++) {
    const value = fields.values[i]!;
    switch (fields.names[i]!.lower) {
      case 'host':
        if (host !== null) return new Refusal(400, 'more than one Host field');
        host = value;
        break;
      case 'content-type':
        if (++contentTypes > 1) return new Refusal(400, 'more than one Content-Type field');
        break;
      case 'connection':
        connection += `,${value}`;
        break;
      case 'expect':
        // HTTP/1.0 knows no expectations (RFC 9110, section 10.1.1).
        if (version === VERSION_1_0) break;
        if (value.toLowerCase() !== '100-continue') return new Refusal(417, 'unknown expectation');
        expectContinue = true;
        break;
    }
  }
  if (host === null && version === VERSION_1_1) return new Refusal(400, 'no Host field');
  if (host !== null && host !== '' && !isAuthority(host)) return new Refusal(400, 'malformed Host field');
  const length = bodyLength(version, fields);
  if (length instanceof Refusal) return length;
  return {
    text,
    version,
    fields,
    host: host ?? '',
    keepAlive: !CLOSE.test(connection) && (version === VERSION_1_1 || KEEP_ALIVE.test(connection)),
    bodyLength: length,
    expectContinue,
  };
}
