/**
 * Response heads, written (RFC 9112, sections 4 to 6): status line, fields and the framing of the body.
 * The server decides about framing and connection; what an application says about them is taken as a wish.
 */
import type { FieldList } from '../../exchange.ts';
import {
  CONNECTION,
  CONTENT_LENGTH,
  DATE,
  HSTS,
  meaningOf,
  NOT_SENT,
  parseContentLength,
  SERVER,
  type ServerFields,
  UNKNOWN,
} from '../response-fields.ts';

export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** What a request says about the answer to it. */
export interface ResponseContext {
  readonly method: string;
  readonly version: string;
  readonly keepAlive: boolean;
}

export interface ResponseHead {
  readonly text: string;
  readonly framing: Framing;
  /** Body bytes that were promised; UNKNOWN when none were. */
  readonly contentLength: number;
  readonly keepAlive: boolean;
}

/**
 * `bodyBytes`: the length of the whole body, or UNKNOWN while it is still being made.
 * Values are trusted to hold no control characters: each source checks its own.
 * @throws InvalidField
 */
export function responseHead(
  context: ResponseContext,
  status: number,
  reason: string,
  fields: FieldList,
  bodyBytes: number,
  server: ServerFields,
): ResponseHead {
  let lines = '';
  let declared = UNKNOWN;
  let keepAlive = context.keepAlive;
  let date = true;
  let serverName = true;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    switch (meaningOf(name)) {
      case CONTENT_LENGTH:
        declared = parseContentLength(value, declared);
        continue;
      case CONNECTION:
        if (value.toLowerCase().includes('close')) keepAlive = false;
        continue;
      case NOT_SENT:
        continue;
      case DATE:
        date = false;
        break;
      case SERVER:
        serverName = false;
        break;
      case HSTS:
        if (server.hstsPolicy !== null) continue;
        break;
    }
    lines += `${name}: ${value}\r\n`;
  }

  const bodyless = status === 204 || status === 304 || status < 200;
  const isHead = context.method === 'HEAD';
  let framing: Framing;
  let length = declared;
  if (bodyless || isHead) {
    framing = 'none';
    // A HEAD answer may tell the length that GET would have; 204 has none by definition.
    if (isHead && length === UNKNOWN && bodyBytes > 0) length = bodyBytes;
    if (status === 204 || status < 200) length = UNKNOWN;
    if (length !== UNKNOWN) lines += `Content-Length: ${length}\r\n`;
  } else {
    if (length === UNKNOWN) length = bodyBytes;
    if (length !== UNKNOWN) {
      framing = 'length';
      lines += `Content-Length: ${length}\r\n`;
    } else if (context.version === 'HTTP/1.1') {
      framing = 'chunked';
      lines += 'Transfer-Encoding: chunked\r\n';
    } else {
      framing = 'close';
      keepAlive = false;
    }
  }
  if (context.version === 'HTTP/1.1') {
    if (!keepAlive) lines += 'Connection: close\r\n';
  } else if (keepAlive) lines += 'Connection: keep-alive\r\n';
  const ours = date && serverName ? server.text : server.only(date, serverName);
  return {
    text: `HTTP/1.1 ${status} ${reason}\r\n${ours}${lines}\r\n`,
    framing,
    contentLength: length,
    keepAlive,
  };
}
