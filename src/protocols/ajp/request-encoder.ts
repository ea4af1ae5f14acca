/**
 * AJP13, client role: requests to an application server. The body goes in packets, of which the server expects the first
 * one unasked and asks for the others (GET_BODY_CHUNK).
 */
import type { Bytes, FieldList } from '../../exchange.ts';
import type { AjpSettings, OutgoingGatewayRequest, RequestEncoder } from '../gateway-protocol.ts';
import { RequestTooLarge } from '../request-too-large.ts';
import {
  Attribute,
  codesOf,
  Kind,
  LOCAL_ADDRESS,
  METHODS,
  REMOTE_PORT,
  REQUEST_FIELDS,
  SSL_PROTOCOL,
  STORED_METHOD,
} from './codes.ts';
import {
  bodyBytesIn,
  codedName,
  FROM_FRONT,
  HEADER_BYTES,
  NAME_BYTES_MAX,
  PACKET_BYTES_DEFAULT,
  packet,
  text,
  uint16,
} from './packets.ts';

const methodCodes = new Map(METHODS.map((name, i) => [name, i + 1]));
const fieldCodes = codesOf(REQUEST_FIELDS);
/** Whatever an application server has been told to take, it takes this much. */
const PIECE_BYTES = bodyBytesIn(PACKET_BYTES_DEFAULT);
/** Says that the body is over to a server that goes on asking. */
const NO_BODY = packet(FROM_FRONT, uint16(0));

/** Variables that have an attribute of their own; all others are sent by their name. */
const attributeCodes: ReadonlyMap<string, number> = new Map([
  ['REMOTE_USER', Attribute.remoteUser],
  ['AUTH_TYPE', Attribute.authType],
  ['SSL_CLIENT_CERT', Attribute.sslCert],
  ['SSL_CIPHER', Attribute.sslCipher],
  ['SSL_SESSION_ID', Attribute.sslSession],
  ['SSL_CIPHER_USEKEYSIZE', Attribute.sslKeySize],
]);
/** Names of request attributes that application servers know, where they differ from those of CGI. */
const attributeNames: ReadonlyMap<string, string> = new Map([
  ['SSL_PROTOCOL', SSL_PROTOCOL],
  ['REMOTE_PORT', REMOTE_PORT],
  ['SERVER_ADDR', LOCAL_ADDRESS],
]);

export class AjpRequestEncoder implements RequestEncoder {
  readonly #settings: AjpSettings;

  constructor(settings: AjpSettings) {
    this.#settings = settings;
  }

  head(request: OutgoingGatewayRequest, bodySize: number): string {
    const { method, version, remoteAddress, serverName, serverPort, scheme } = request;
    const methodCode = methodCodes.get(method) ?? STORED_METHOD;
    const [path = ''] = request.mappedTarget.split('?', 1);
    const start =
      String.fromCharCode(Kind.forwardRequest, methodCode) +
      text(version) +
      text(path) +
      // The server is not to look up the client's name.
      text(remoteAddress) +
      text(remoteAddress) +
      text(serverName) +
      uint16(serverPort) +
      String.fromCharCode(scheme === 'https' ? 1 : 0);
    const payload = start + fieldsText(request.fields, bodySize) + this.#attributes(request, methodCode);
    const bytes = HEADER_BYTES + payload.length;
    if (bytes > this.#settings.packetBytes)
      throw new RequestTooLarge(
        `needs an AJP packet of ${bytes} bytes (at most ${this.#settings.packetBytes})`,
      );
    return packet(FROM_FRONT, payload);
  }

  body(chunk: Bytes): readonly Bytes[] {
    const packets: Bytes[] = [];
    for (let at = 0; at < chunk.length; at += PIECE_BYTES)
      packets.push(
        bodyPacket(
          typeof chunk === 'string'
            ? chunk.slice(at, at + PIECE_BYTES)
            : chunk.subarray(at, at + PIECE_BYTES),
        ),
      );
    return packets;
  }

  end(): string {
    return NO_BODY;
  }

  #attributes(request: OutgoingGatewayRequest, methodCode: number): string {
    const { secret } = this.#settings;
    const mark = request.mappedTarget.indexOf('?');
    let list = '';
    if (secret !== '') list += attribute(Attribute.secret, secret);
    if (mark >= 0) list += attribute(Attribute.queryString, request.mappedTarget.slice(mark + 1));
    if (methodCode === STORED_METHOD) list += attribute(Attribute.storedMethod, request.method);
    for (const [name, value] of variablesOf(request)) list += variable(name, value);
    return list + String.fromCharCode(Attribute.end);
  }
}

/** An application server may refuse a request for an attribute that it does not know: no others without being asked. */
function variablesOf({ remotePort, serverAddress, variables, params }: OutgoingGatewayRequest) {
  const sent = new Map([
    ['REMOTE_PORT', String(remotePort)],
    ['SERVER_ADDR', serverAddress],
  ]);
  for (let i = 0; i < variables.length; i += 2)
    if (isKnown(variables[i]!)) sent.set(variables[i]!, variables[i + 1]!);
  for (let i = 0; i < params.length; i += 2) sent.set(params[i]!, params[i + 1]!);
  return sent;
}

function isKnown(name: string): boolean {
  return attributeCodes.has(name) || name === 'SSL_PROTOCOL';
}

function fieldsText(fields: FieldList, bodySize: number): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.length > NAME_BYTES_MAX) throw new RequestTooLarge(`has a field name of ${name.length} bytes`);
    lines += codedName(name, fieldCodes) + text(fields[i + 1]!);
  }
  if (bodySize === 0) return uint16(fields.length / 2) + lines;
  // Without a length the server takes a request for one without a body.
  const length = codedName('content-length', fieldCodes) + text(String(bodySize));
  return uint16(fields.length / 2 + 1) + lines + length;
}

function attribute(code: number, value: string): string {
  return String.fromCharCode(code) + text(value);
}

function variable(name: string, value: string): string {
  if (value === '') return '';
  const code = attributeCodes.get(name);
  if (code === Attribute.sslKeySize) return String.fromCharCode(code) + uint16(Number(value) || 0);
  if (code !== undefined) return attribute(code, value);
  if (name === 'SSL_CIPHER_USEKEYSIZE')
    return String.fromCharCode(Attribute.sslKeySize) + uint16(Number(value));
  return String.fromCharCode(Attribute.named) + text(attributeNames.get(name) ?? name) + text(value);
}

function bodyPacket(piece: Bytes): Bytes {
  const head = uint16(FROM_FRONT) + uint16(piece.length + 2) + uint16(piece.length);
  if (typeof piece === 'string') return head + piece;
  const whole = Buffer.allocUnsafe(head.length + piece.length);
  whole.latin1Write(head);
  whole.set(piece, head.length);
  return whole;
}
