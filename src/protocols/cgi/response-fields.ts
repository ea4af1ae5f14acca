/**
 * What an answer looks like to a web server in front of us. That server is the one that the client knows: it says Date and
 * Server itself, decides about the connection, and may be meant by fields like X-Accel-Redirect, so these are left in.
 */
import type { FieldList } from '../../exchange.ts';
import { INTERNAL_FIELDS } from '../../fields.ts';
import {
  CONNECTION,
  CONTENT_LENGTH,
  InvalidField,
  meaningOf,
  NOT_SENT,
  parseContentLength,
  UNKNOWN,
} from '../response-fields.ts';

export interface GatewayAnswer {
  readonly fields: FieldList;
  /** False where RFC 9110 forbids one: the head is all there is. */
  readonly hasBody: boolean;
  /** Body bytes that were promised; UNKNOWN when none were. */
  readonly contentLength: number;
}

const BREAKING = /[\0\r\n]/;

/**
 * `bodyBytes`: the length of the whole body, or UNKNOWN while it is still being made.
 * @throws InvalidField
 */
export function gatewayAnswer(
  method: string,
  status: number,
  fields: FieldList,
  bodyBytes: number,
): GatewayAnswer {
  const sent: string[] = [];
  let length = UNKNOWN;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    const meaning = meaningOf(name);
    if (meaning === CONTENT_LENGTH) length = parseContentLength(value, length);
    if (meaning === CONTENT_LENGTH || meaning === CONNECTION) continue;
    if (meaning === NOT_SENT && !INTERNAL_FIELDS.has(name.toLowerCase())) continue;
    // In the form of CGI it would be the status.
    if (name.toLowerCase() === 'status') continue;
    if (BREAKING.test(value)) throw new InvalidField(`a control character in the field ${name}`);
    sent.push(name, value);
  }
  const isHead = method === 'HEAD';
  const hasBody = !isHead && status !== 204 && status !== 205 && status !== 304;
  if (length === UNKNOWN && (hasBody || (isHead && bodyBytes > 0))) length = bodyBytes;
  if (status === 204 || status === 205) length = UNKNOWN;
  if (length !== UNKNOWN) sent.push('Content-Length', String(length));
  return { fields: sent, hasBody, contentLength: length };
}
