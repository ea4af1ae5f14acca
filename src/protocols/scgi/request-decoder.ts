/**
 * SCGI requests, read (https://python.ca/scgi/protocol.txt): a netstring of variables, then the body. One a connection.
 *
 *   "70:" CONTENT_LENGTH NUL "27" NUL SCGI NUL "1" NUL … "," body
 *
 *   head ─ variables → body ─ CONTENT_LENGTH bytes → done       head ─ variables that are refused → done
 *    └─ no netstring → broken
 */
import { type GatewayRequest, readGatewayRequest } from '../cgi/gateway-request.ts';
import { KnownFields } from '../cgi/known-fields.ts';
import type { GatewayLimits, RequestDecoder, RequestEvent } from '../gateway-protocol.ts';
import { Refusal } from '../http1/refusal.ts';

const EMPTY = Buffer.alloc(0);
const COLON = 0x3a;
const COMMA = 0x2c;
/** No limit that can be set has more. */
const LENGTH_DIGITS_MAX = 9;
const fields = new KnownFields(readStrings);

export class ScgiRequestDecoder implements RequestDecoder {
  readonly #limits: GatewayLimits;
  readonly id = 0;
  readonly reply = EMPTY;
  readonly keepsConnection = false;
  #state: 'head' | 'body' | 'done' | 'broken' = 'head';
  #buffer: Buffer = EMPTY;
  /** What has come behind the buffer, joined to it when the head is there whole: a byte at a time costs no copies. */
  #chunks: Buffer[] = [];
  pending = 0;
  /** Bytes that a look at the buffer is worth it for. */
  #wanted = 1;
  /** Bytes of body that are still to come. */
  #owed = 0;
  request: GatewayRequest | null = null;
  data: Buffer = EMPTY;
  fault: Refusal | null = null;

  constructor(limits: GatewayLimits) {
    this.#limits = limits;
  }

  /** What follows the request is nothing that SCGI knows, and thrown away. */
  push(chunk: Buffer): void {
    if (this.#state === 'done' || this.#state === 'broken' || chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.pending += chunk.length;
  }

  next(): RequestEvent {
    switch (this.#state) {
      case 'head':
        return this.#readHead();
      case 'body':
        return this.#readBody();
      case 'done':
        return 'need-data';
      case 'broken':
        return 'broken';
    }
  }

  #readHead(): RequestEvent {
    if (this.pending < this.#wanted) return 'need-data';
    const buffer = this.#join();
    const colon = buffer.subarray(0, LENGTH_DIGITS_MAX + 1).indexOf(COLON);
    const digits = buffer.latin1Slice(0, colon < 0 ? Math.min(buffer.length, LENGTH_DIGITS_MAX + 1) : colon);
    if (!(colon < 0 ? /^([1-9]\d{0,8})?$/ : /^[1-9]\d*$/).test(digits))
      return this.#break(400, 'not SCGI: it does not begin with a netstring');
    this.#wanted = buffer.length + 1;
    if (colon < 0) return 'need-data';
    const length = Number(digits);
    if (length > this.#limits.limitRequestHead)
      return this.#break(431, 'request head longer than limit-request-head');
    const end = colon + 1 + length;
    this.#wanted = end + 1;
    if (buffer.length <= end) return 'need-data';
    if (buffer[end] !== COMMA) return this.#break(400, 'malformed SCGI: no comma behind the netstring');
    this.#take(end + 1);
    return this.#interpret(buffer.latin1Slice(colon + 1, end));
  }

  #interpret(text: string): RequestEvent {
    const read = fields.read(text, Number.POSITIVE_INFINITY, this.#limits);
    if (typeof read === 'string') return this.#break(400, `malformed SCGI: ${read}`);
    const why = breachOf(read.environ);
    if (why !== null) return this.#break(400, `malformed SCGI: ${why}`);
    const request = readGatewayRequest(read.environ, this.#limits, read.known);
    if (request instanceof Refusal) {
      this.#end('done');
      this.fault = request;
      return 'refused';
    }
    fields.keep(read, request, this.#limits);
    this.request = request;
    this.#owed = request.contentLength;
    this.#state = 'body';
    return 'request';
  }

  #readBody(): RequestEvent {
    if (this.#owed === 0) {
      this.#end('done');
      return 'end';
    }
    if (this.pending === 0) return 'need-data';
    if (this.#buffer.length === 0) this.#buffer = this.#chunks.shift()!;
    this.data = this.#buffer.subarray(0, this.#owed);
    this.#owed -= this.data.length;
    this.#take(this.data.length);
    return 'data';
  }

  #join(): Buffer {
    if (this.#chunks.length > 0) this.#buffer = Buffer.concat([this.#buffer, ...this.#chunks]);
    this.#chunks = [];
    return this.#buffer;
  }

  /** `bytes` of the buffer are done with. */
  #take(bytes: number): void {
    this.#buffer = this.#buffer.subarray(bytes);
    this.pending -= bytes;
  }

  #break(status: number, why: string): RequestEvent {
    this.#end('broken');
    this.fault = new Refusal(status, why);
    return 'broken';
  }

  #end(state: 'done' | 'broken'): void {
    this.#state = state;
    this.#buffer = EMPTY;
    this.#chunks = [];
    this.pending = 0;
  }
}

/** What the specification forbids; the rest is common to all gateway protocols. */
function breachOf(environ: readonly string[]): string | null {
  if (environ[0] !== 'CONTENT_LENGTH') return 'CONTENT_LENGTH is not the first variable';
  if (!/^\d+$/.test(environ[1]!)) return 'malformed CONTENT_LENGTH';
  let versions = 0;
  for (let i = 2; i < environ.length; i += 2) {
    if (environ[i] === 'CONTENT_LENGTH') return 'two CONTENT_LENGTH';
    if (environ[i] === 'SCGI' && (environ[i + 1] !== '1' || ++versions > 1)) return 'SCGI is not 1, once';
  }
  return versions === 1 ? null : 'no variable SCGI';
}

/** ReadVariables: every name and every value ends in a NUL. How many there are is limited by their bytes. */
function readStrings(
  text: string,
  _: number,
  stopsAt: (at: number) => boolean = () => false,
): string[] | string {
  const strings: string[] = [];
  for (let at = 0; at < text.length; ) {
    const nameEnd = text.indexOf('\0', at);
    const end = nameEnd < 0 ? -1 : text.indexOf('\0', nameEnd + 1);
    if (end < 0) return 'a variable without a value';
    if (text.startsWith('HTTP_', at) && stopsAt(at)) return strings;
    strings.push(text.substring(at, nameEnd), text.substring(nameEnd + 1, end));
    at = end + 1;
  }
  return strings;
}
