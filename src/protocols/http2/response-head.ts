/**
 * Response heads for HTTP/2 (RFC 9113, section 8.3.2): the list of names and values that `node:http2` encodes. It writes
 * the names in lower case. What an application says about the connection is dropped, as there is none of its own.
 */
import type { FieldList } from '../../exchange.ts';
import {
  CONNECTION,
  CONTENT_LENGTH,
  DATE,
  HSTS,
  InvalidField,
  meaningOf,
  NOT_SENT,
  PLAIN,
  parseContentLength,
  SERVER,
  type ServerFields,
  UNKNOWN,
} from '../response-fields.ts';

export interface ResponseHead {
  readonly list: string[];
  /** False where RFC 9110 forbids one: the head is all there is. */
  readonly hasBody: boolean;
  /** Body bytes that were promised; UNKNOWN when none were. */
  readonly contentLength: number;
}

/** `node:http2` hands the list to nghttp2 as one text with NULs between its items. */
const BREAKING = /[\0\r\n]/;
/** `node:http2` sends no others. */
const STATUS_MIN = 200;
const STATUS_MAX = 599;

/**
 * `bodyBytes`: the length of the whole body, or UNKNOWN while it is still being made.
 * @throws InvalidField
 */
export function responseHead(
  method: string,
  status: number,
  fields: FieldList,
  bodyBytes: number,
  server: ServerFields,
): ResponseHead {
  if (status < STATUS_MIN || status > STATUS_MAX)
    throw new InvalidField(`the status ${status}, which HTTP/2 does not carry here`);
  const list = [':status', String(status)];
  let length = UNKNOWN;
  let date = true;
  let serverName = true;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    switch (meaningOf(name)) {
      case CONTENT_LENGTH:
        length = parseContentLength(value, length);
        continue;
      case CONNECTION:
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
    if (BREAKING.test(value)) throw new InvalidField(`a control character in the field ${name}`);
    list.push(name, value);
  }
  if (date) list.push('date', server.date);
  if (serverName) list.push('server', server.server);
  if (server.hstsPolicy !== null) list.push('strict-transport-security', server.hstsPolicy);
  const isHead = method === 'HEAD';
  const hasBody = !isHead && status !== 204 && status !== 205 && status !== 304;
  if (length === UNKNOWN && (hasBody || (isHead && bodyBytes > 0))) length = bodyBytes;
  if (status === 204 || status === 205) length = UNKNOWN;
  if (length !== UNKNOWN) list.push('content-length', String(length));
  return { list, hasBody, contentLength: length };
}

/** The answer that makes a stream a WebSocket. What proves that the handshake was understood is for HTTP/1.1 alone. */
export function tunnelHead(fields: FieldList, server: ServerFields): string[] {
  const plain: string[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() === 'sec-websocket-accept' || meaningOf(fields[i]!) === CONTENT_LENGTH)
      continue;
    plain.push(fields[i]!, fields[i + 1]!);
  }
  return responseHead('GET', 200, plain, UNKNOWN, server).list;
}

/** Of interim answers and of trailers: the fields that speak about nothing but themselves, as `Link` does. */
export function plainFields(fields: FieldList): Record<string, string[]> {
  const kept: Record<string, string[]> = {};
  for (let i = 0; i < fields.length; i += 2) {
    const value = fields[i + 1]!;
    if (meaningOf(fields[i]!) !== PLAIN || BREAKING.test(value)) continue;
    const name = fields[i]!.toLowerCase();
    kept[name] = [...(kept[name] ?? []), value];
  }
  return kept;
}
