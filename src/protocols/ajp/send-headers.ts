/** SEND_HEADERS: status, reason and fields of an answer. A packet in, UpstreamHead or why not out. */
import { consistsOf, tokenCharacters, valueCharacters } from '../http1/characters.ts';
import {
  interpret,
  isBodyless,
  type ResponseLimits,
  UNTIL_CLOSE,
  type UpstreamHead,
} from '../http1/response-reading.ts';
import { RESPONSE_FIELDS } from './codes.ts';
import type { PacketReader } from './packets.ts';

const REASON = /^[\t\x20-\x7e\x80-\xff]*$/;

/** `reader` stands behind the kind of the packet, whose `payload` recognises a head that is repeated. */
export function readSendHeaders(
  reader: PacketReader,
  payload: Buffer,
  method: string,
  limits: ResponseLimits,
  previous: UpstreamHead | null,
): UpstreamHead | string {
  const whole = payload.latin1Slice();
  if (previous !== null && previous.text === whole && previous.method === method) return previous;
  if (payload.length > limits.headMax) return `a head of more than ${limits.headMax} bytes`;
  const status = reader.uint16();
  const reason = reader.text();
  const fields: string[] = [];
  const fault = readFields(reader, limits.fieldsMax, fields);
  if (fault !== null) return fault;
  if (reader.isMalformed || reader.left > 0) return 'a malformed AJP packet';
  if (status < 200 || status > 599) return `the status ${status}`;
  if (!REASON.test(reason)) return 'a control character in the head';
  const meaning = interpret(fields);
  if (typeof meaning === 'string') return meaning;
  // The frames of the protocol count, not those of HTTP.
  if (meaning.isChunked) return 'a Transfer-Encoding, which this protocol does not have';
  return {
    text: whole,
    method,
    status,
    // Tomcat repeats the number there.
    reason: reason === String(status) ? '' : reason,
    version: 'HTTP/1.1',
    fields,
    connection: meaning.connection,
    bodyLength: isBodyless(method, status) ? 0 : (meaning.contentLength ?? UNTIL_CLOSE),
    keepAlive: false,
    localRedirect: null,
    derived: null,
  };
}

function readFields(reader: PacketReader, fieldsMax: number, fields: string[]): string | null {
  const count = reader.uint16();
  if (count > fieldsMax) return `more than ${fieldsMax} fields`;
  for (let i = 0; i < count && !reader.isMalformed; i++) {
    const name = reader.name(RESPONSE_FIELDS);
    const value = reader.text();
    if (name === '' || !consistsOf(name, tokenCharacters)) return 'a malformed field name';
    if (!consistsOf(value, valueCharacters)) return 'a control character in a field value';
    fields.push(name, value.replace(/^[\t ]+|[\t ]+$/g, ''));
  }
  return null;
}
