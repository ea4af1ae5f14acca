/**
 * FORWARD_REQUEST: a request as mod_proxy_ajp and mod_jk tell it, into the form that all requests have.
 *
 *   2 · method · version · path · client's address and name · our name and port · is TLS · fields · attributes · 0xff
 *
 * Attributes are data. None of them says which file or path is meant: that they once did in Tomcat is CVE-2020-1938. What
 * two readers could frame in two ways is refused: that mod_proxy_ajp once passed it on is CVE-2022-26377.
 */
import { timingSafeEqual } from 'node:crypto';
import { fieldName, RequestFields } from '../../fields.ts';
import { addressOf, type GatewayRequest, portOf, versionOf } from '../cgi/gateway-request.ts';
import {
  consistsOf,
  methodCharacters,
  targetCharacters,
  tokenCharacters,
  valueCharacters,
} from '../http1/characters.ts';
import { bodyLength, CHUNKED } from '../http1/framing.ts';
import { Refusal } from '../http1/refusal.ts';
import type { HeadLimits } from '../http1/request-head.ts';
import { isAuthority, parseTarget } from '../http1/request-target.ts';
import { UNKNOWN } from '../response-fields.ts';
import { type Attributes, readAttributes } from './attributes.ts';
import { METHODS, REQUEST_FIELDS, STORED_METHOD } from './codes.ts';
import type { PacketReader } from './packets.ts';

/** Of a request line beside method and target, and of a field line beside name and value, as HTTP/1.1 has them. */
const LINE_REST = 10;
const FIELD_REST = 4;
/** Said of the body by the front to us, and not by its client to the application. */
const FRAMING = new Set(['transfer-encoding', 'trailer']);

/** What stands before the fields. */
interface Start {
  readonly methodCode: number;
  readonly version: string;
  readonly path: string;
  readonly remoteAddress: string;
  readonly serverName: string;
  readonly serverPort: number;
  readonly isSecure: boolean;
}

/** `reader` stands behind the kind of the packet. `secret`: what the front must know; '' when nobody is asked. */
export function readForwardRequest(
  reader: PacketReader,
  limits: HeadLimits,
  secret: string,
): GatewayRequest | Refusal {
  if (reader.left > limits.limitRequestHead)
    return new Refusal(431, 'request head longer than limit-request-head');
  const start = readStart(reader);
  const fields = new RequestFields();
  const fault = readFields(reader, limits, fields);
  if (fault !== null) return fault;
  const attributes = readAttributes(reader);
  if (attributes instanceof Refusal) return attributes;
  if (reader.isMalformed || reader.left > 0) return new Refusal(400, 'malformed AJP request');
  if (secret !== '' && !isEqual(attributes.secret ?? '', secret))
    return new Refusal(403, attributes.secret === null ? 'no AJP secret' : 'a wrong AJP secret');
  return build(start, fields, attributes, limits);
}

function readStart(reader: PacketReader): Start {
  return {
    methodCode: reader.uint8(),
    version: reader.text(),
    path: reader.text(),
    remoteAddress: withoutHost(reader),
    serverName: reader.text(),
    serverPort: reader.uint16(),
    isSecure: reader.uint8() !== 0,
  };
}

/** Its name, which follows, is of no interest. */
function withoutHost(reader: PacketReader): string {
  const address = reader.text();
  reader.text();
  return address;
}

function readFields(reader: PacketReader, limits: HeadLimits, fields: RequestFields): Refusal | null {
  const count = reader.uint16();
  if (count > limits.limitRequestFields) return new Refusal(431, 'more fields than limit-request-fields');
  for (let i = 0; i < count && !reader.isMalformed; i++) {
    const name = reader.name(REQUEST_FIELDS);
    const value = reader.text();
    if (name === '' || !consistsOf(name, tokenCharacters)) return new Refusal(400, 'malformed field name');
    if (!consistsOf(value, valueCharacters)) return new Refusal(400, 'control character in a field value');
    if (name.length + value.length + FIELD_REST > limits.limitRequestFieldSize)
      return new Refusal(431, 'field longer than limit-request-field-size');
    fields.add(fieldName(name), value.replace(/^[\t ]+|[\t ]+$/g, ''));
  }
  return null;
}

/** The time that it takes tells nothing of the secret, but its length. */
function isEqual(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given, 'latin1'), Buffer.from(secret, 'latin1')];
  return a.length === b.length && timingSafeEqual(a, b);
}

function build(
  start: Start,
  all: RequestFields,
  attributes: Attributes,
  limits: HeadLimits,
): GatewayRequest | Refusal {
  const method = methodOf(start, attributes);
  if (method === '' || !consistsOf(method, methodCharacters)) return new Refusal(400, 'malformed method');
  // We are no forward proxy (RFC 9110, section 9.3.6).
  if (method === 'CONNECT') return new Refusal(405, 'CONNECT is not served here');
  const target = start.path + (attributes.query === '' ? '' : `?${attributes.query}`);
  if (method.length + target.length + LINE_REST > limits.limitRequestLine)
    return new Refusal(414, 'request line longer than limit-request-line');
  if (start.path.includes('?') || !consistsOf(target, targetCharacters))
    return new Refusal(400, 'malformed request target');
  const parsed = parseTarget(method, target);
  if (parsed instanceof Refusal) return parsed;
  const length = lengthOf(start.version, all);
  if (length instanceof Refusal) return length;
  const authority = parsed.authority ?? authorityOf(start, all);
  if (authority instanceof Refusal) return authority;
  return {
    method,
    target,
    path: parsed.path,
    decodedPath: parsed.decodedPath,
    query: parsed.query,
    version: versionOf(start.version),
    scheme: start.isSecure ? 'https' : 'http',
    authority,
    fields: withoutFraming(all),
    remoteAddress: addressOf(start.remoteAddress),
    remotePort: portOf(attributes.remotePort),
    localAddress: addressOf(attributes.localAddress),
    localPort: start.serverPort,
    contentLength: length === CHUNKED ? UNKNOWN : length,
    scriptName: '',
    variables: start.isSecure ? ['HTTPS', 'on', ...attributes.variables] : attributes.variables,
  };
}

function methodOf({ methodCode }: Start, { storedMethod }: Attributes): string {
  return methodCode === STORED_METHOD ? storedMethod : (METHODS[methodCode - 1] ?? '');
}

/** Only what every front passes on in the same way: with `chunked` it waits until it is asked for the body. */
function lengthOf(version: string, fields: RequestFields): number | Refusal {
  const length = bodyLength(version === 'HTTP/1.0' ? version : 'HTTP/1.1', fields);
  const coding = fields.joined('transfer-encoding');
  if (coding !== null && coding.toLowerCase() !== 'chunked')
    return new Refusal(400, 'a Transfer-Encoding other than chunked');
  return length;
}

function authorityOf({ serverName, serverPort, isSecure }: Start, fields: RequestFields): string | Refusal {
  const host = fields.joined('host') ?? '';
  if (host !== '') return isAuthority(host) ? host : new Refusal(400, 'malformed or repeated Host field');
  const name = serverName.includes(':') && !serverName.startsWith('[') ? `[${serverName}]` : serverName;
  if (!isAuthority(name)) return '';
  const isDefault = serverPort === 0 || serverPort === (isSecure ? 443 : 80);
  return isDefault ? name : `${name}:${serverPort}`;
}

function withoutFraming(all: RequestFields): RequestFields {
  if (!all.names.some(({ lower }) => FRAMING.has(lower))) return all;
  const fields = new RequestFields();
  all.names.forEach((name, i) => {
    if (!FRAMING.has(name.lower)) fields.add(name, all.values[i]!);
  });
  return fields;
}
