/**
 * The head of an HTTP/2 request: pseudo-header fields and fields (RFC 9113, section 8.3), decoded by HPACK already.
 * Held to the same rules and limits as one of HTTP/1.1, and given the same form: an application cannot tell the two
 * apart but by SERVER_PROTOCOL.
 *
 * Clients repeat themselves, so the caller passes the head before this one: equal fields are not read again but shared,
 * with everything that was derived from them.
 */
import { type FieldName, fieldName, RequestFields } from '../../fields.ts';
import {
  consistsOf,
  methodCharacters,
  targetCharacters,
  tokenCharacters,
  valueCharacters,
} from '../http1/characters.ts';
import { bodyLength } from '../http1/framing.ts';
import { Refusal } from '../http1/refusal.ts';
import type { HeadLimits } from '../http1/request-head.ts';
import { isAuthority, parseTarget } from '../http1/request-target.ts';

export interface RequestHead {
  /** GET where a WebSocket is asked for, as it is over HTTP/1.1. */
  readonly method: string;
  /** An extended CONNECT (RFC 8441): the stream is to become a WebSocket. */
  readonly isWebSocket: boolean;
  readonly target: string;
  readonly path: string;
  readonly decodedPath: string;
  readonly query: string;
  readonly authority: string;
  readonly block: FieldBlock;
}

/** The fields and what they mean for the stream. */
export interface FieldBlock {
  /** Names and values as they came, without the pseudo-header fields; what two heads are compared by. */
  readonly raw: readonly string[];
  readonly fields: RequestFields;
  readonly authority: string;
  /** The request has told its length. */
  readonly hasLength: boolean;
  readonly length: number;
  readonly expectContinue: boolean;
}

const HOST = fieldName('Host');
const COOKIE = 'cookie';
/** Of a request line of HTTP/1.1 beside method and target, so that limits mean the same: " " and " HTTP/1.1". */
const LINE_REST = 10;
/** Of a field line beside name and value: ": " and CRLF. */
const FIELD_REST = 4;
/** Fields that speak about one connection, which RFC 9113, section 8.2.2, forbids. */
const OF_CONNECTION = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** `list` is names and values in turn, pseudo-header fields first, as `node:http2` gives them. */
export function parseRequestHead(
  list: readonly string[],
  limits: HeadLimits,
  previous: RequestHead | null,
): RequestHead | Refusal {
  let method = '';
  let path = '';
  let authority: string | null = null;
  let isWebSocket = false;
  let at = 0;
  for (; at < list.length && list[at]!.charCodeAt(0) === 58 /* : */; at += 2) {
    const value = list[at + 1]!;
    if (list[at] === ':method') method = value;
    else if (list[at] === ':path') path = value;
    else if (list[at] === ':authority') authority = value;
    else if (list[at] === ':protocol') {
      if (value !== 'websocket') return new Refusal(501, 'a :protocol other than websocket');
      isWebSocket = true;
    }
  }
  if (method === '' || !consistsOf(method, methodCharacters)) return new Refusal(400, 'malformed method');
  // We are no forward proxy (RFC 9110, section 9.3.6).
  if (method === 'CONNECT' && !isWebSocket) return new Refusal(405, 'CONNECT is not served here');
  if (method !== 'CONNECT' && isWebSocket) return new Refusal(400, ':protocol without CONNECT');
  if (isWebSocket) method = 'GET';
  if (method.length + path.length + LINE_REST > limits.limitRequestLine)
    return new Refusal(414, 'request line longer than limit-request-line');
  if (!/^[/*]/.test(path) || !consistsOf(path, targetCharacters))
    return new Refusal(400, 'malformed request target');
  const target = parseTarget(method, path);
  if (target instanceof Refusal) return target;

  const block = isRepeated(list, at, authority, previous)
    ? previous!.block
    : parseFieldBlock(list.slice(at), authority, limits);
  if (block instanceof Refusal) return block;
  if (isWebSocket && block.hasLength) return new Refusal(400, 'Content-Length with CONNECT');
  return {
    method,
    isWebSocket,
    target: path,
    path: target.path,
    decodedPath: target.decodedPath,
    query: target.query,
    authority: block.authority,
    block,
  };
}

function isRepeated(
  list: readonly string[],
  from: number,
  authority: string | null,
  previous: RequestHead | null,
): boolean {
  if (previous === null || authority !== previous.block.authority) return false;
  const { raw } = previous.block;
  if (raw.length !== list.length - from) return false;
  for (let i = 0; i < raw.length; i++) if (raw[i] !== list[from + i]) return false;
  return true;
}

function parseFieldBlock(
  raw: readonly string[],
  authority: string | null,
  limits: HeadLimits,
): FieldBlock | Refusal {
  const fields = new RequestFields();
  if (authority !== null) fields.add(HOST, authority);
  let size = 0;
  let cookie = -1;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i]!;
    const value = raw[i + 1]!;
    const refusal = judgeField(name, value, limits);
    if (refusal !== null) return refusal;
    size += name.length + value.length + FIELD_REST;
    if (name === COOKIE && cookie >= 0) fields.values[cookie] += `; ${value}`;
    else if (name === 'host') {
      if (authority !== null && value !== authority)
        return new Refusal(400, 'Host field that differs from :authority');
      if (authority === null) fields.add(HOST, value);
    } else {
      if (name === COOKIE) cookie = fields.names.length;
      fields.add(fieldName(name), trimmed(value));
    }
  }
  if (size > limits.limitRequestHead) return new Refusal(431, 'request head longer than limit-request-head');
  if (fields.names.length > limits.limitRequestFields)
    return new Refusal(431, 'more fields than limit-request-fields');
  if (cookie >= 0 && fieldSize(fields.names[cookie]!, fields.values[cookie]!) > limits.limitRequestFieldSize)
    return new Refusal(431, 'field longer than limit-request-field-size');
  return interpret(raw, fields);
}

/** nghttp2 looks at characters, too; that a worker never gets a NUL must not depend on it. */
export function judgeField(name: string, value: string, limits: HeadLimits): Refusal | null {
  if (name === '' || !consistsOf(name, tokenCharacters) || /[A-Z]/.test(name))
    return new Refusal(400, 'malformed field name');
  if (!consistsOf(value, valueCharacters)) return new Refusal(400, 'control character in a field value');
  if (OF_CONNECTION.has(name)) return new Refusal(400, 'field of a connection in HTTP/2');
  if (name.length + value.length + FIELD_REST > limits.limitRequestFieldSize)
    return new Refusal(431, 'field longer than limit-request-field-size');
  return null;
}

function fieldSize(name: FieldName, value: string): number {
  return name.raw.length + value.length + FIELD_REST;
}

export function trimmed(value: string): string {
  return value.replace(/^[\t ]+|[\t ]+$/g, '');
}

function interpret(raw: readonly string[], fields: RequestFields): FieldBlock | Refusal {
  let contentTypes = 0;
  let hosts = 0;
  let expectContinue = false;
  for (let i = 0; i < fields.names.length; i++) {
    const value = fields.values[i]!;
    switch (fields.names[i]!.lower) {
      case 'host':
        if (++hosts > 1) return new Refusal(400, 'more than one Host field');
        break;
      case 'content-type':
        if (++contentTypes > 1) return new Refusal(400, 'more than one Content-Type field');
        break;
      case 'te':
        if (value.toLowerCase() !== 'trailers') return new Refusal(400, 'TE other than trailers');
        break;
      case 'expect':
        if (value.toLowerCase() !== '100-continue') return new Refusal(417, 'unknown expectation');
        expectContinue = true;
        break;
    }
  }
  const authority = fields.get('host');
  if (authority === null) return new Refusal(400, 'neither :authority nor Host');
  if (authority !== '' && !isAuthority(authority)) return new Refusal(400, 'malformed host');
  const length = bodyLength('HTTP/2.0', fields);
  if (length instanceof Refusal) return length;
  return { raw, fields, authority, hasLength: fields.get('content-length') !== null, length, expectContinue };
}
