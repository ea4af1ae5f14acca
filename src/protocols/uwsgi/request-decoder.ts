/**
 * uwsgi requests, read (https://uwsgi-docs.readthedocs.io/en/latest/Protocol.html): a packet of variables, then the body.
 * One a connection.
 *
 *   head ─ variables → body ─ CONTENT_LENGTH bytes → done       head ─ ping, refusal → done
 */
import { appended } from '../../base/appended.ts';
import { type GatewayRequest, readGatewayRequest } from '../cgi/gateway-request.ts';
import { KnownFields } from '../cgi/known-fields.ts';
import type { GatewayLimits, RequestDecoder, RequestEvent } from '../gateway-protocol.ts';
import { Refusal } from '../http1/refusal.ts';
import { HEADER_BYTES, PING, packetHeader, readVariables, WSGI, WSGI_MANAGED } from './packets.ts';

const EMPTY = Buffer.alloc(0);
/** A packet has room for 16,000 empty ones. */
const VARIABLES_MAX = 2000;
const fields = new KnownFields(readVariables);

export class UwsgiRequestDecoder implements RequestDecoder {
  readonly #limits: GatewayLimits;
  readonly id = 0;
  readonly reply = packetHeader(PING, 0, 1);
  readonly keepsConnection = false;
  #state: 'head' | 'body' | 'done' = 'head';
  #buffer: Buffer = EMPTY;
  /** Bytes of body that are still to come. */
  #owed = 0;
  request: GatewayRequest | null = null;
  data: Buffer = EMPTY;
  fault: Refusal | null = null;

  constructor(limits: GatewayLimits) {
    this.#limits = limits;
  }

  get pending(): number {
    return this.#buffer.length;
  }

  /** What follows the request is nothing that uwsgi knows, and thrown away. */
  push(chunk: Buffer): void {
    if (this.#state === 'done') return;
    this.#buffer = this.pending === 0 ? chunk : appended(this.#buffer, 0, chunk);
  }

  next(): RequestEvent {
    switch (this.#state) {
      case 'head':
        return this.#readHead();
      case 'body':
        return this.#readBody();
      case 'done':
        return 'need-data';
    }
  }

  #readHead(): RequestEvent {
    const buffer = this.#buffer;
    if (buffer.length === 0) return 'need-data';
    const modifier1 = buffer[0]!;
    if (modifier1 !== WSGI && modifier1 !== WSGI_MANAGED && modifier1 !== PING)
      return this.#refuse(new Refusal(501, `uwsgi modifier1 ${modifier1}: only WSGI (0) is served`));
    if (buffer.length < HEADER_BYTES) return 'need-data';
    if (modifier1 === PING) {
      this.#end();
      return 'reply';
    }
    const size = buffer.readUInt16LE(1);
    if (size > this.#limits.limitRequestHead)
      return this.#refuse(new Refusal(431, 'request head longer than limit-request-head'));
    const end = HEADER_BYTES + size;
    if (buffer.length < end) return 'need-data';
    this.#buffer = buffer.subarray(end);
    return this.#interpret(buffer.latin1Slice(HEADER_BYTES, end), modifier1);
  }

  #interpret(block: string, modifier1: number): RequestEvent {
    const read = fields.read(block, VARIABLES_MAX, this.#limits);
    if (typeof read === 'string') return this.#refuse(new Refusal(400, `malformed uwsgi: ${read}`));
    if (modifier1 === WSGI_MANAGED) takeOffScriptName(read.environ);
    const request = readGatewayRequest(read.environ, this.#limits, read.known);
    if (request instanceof Refusal) return this.#refuse(request);
    fields.keep(read, request, this.#limits);
    this.request = request;
    // Without a length there is no body: nothing but a length ends it, and nginx and Apache always say one.
    this.#owed = Math.max(0, request.contentLength);
    this.#state = 'body';
    return 'request';
  }

  #readBody(): RequestEvent {
    if (this.#owed === 0) {
      this.#end();
      return 'end';
    }
    if (this.pending === 0) return 'need-data';
    this.data = this.#buffer.subarray(0, this.#owed);
    this.#owed -= this.data.length;
    this.#buffer = this.#buffer.subarray(this.data.length);
    return 'data';
  }

  #refuse(refusal: Refusal): RequestEvent {
    this.#end();
    this.fault = refusal;
    return 'refused';
  }

  #end(): void {
    this.#state = 'done';
    this.#buffer = EMPTY;
  }
}

/** PATH_INFO of `modifier1 = 30` begins with SCRIPT_NAME, which is to be taken off it. */
function takeOffScriptName(environ: string[]): void {
  const at = environ.findIndex((text, i) => i % 2 === 0 && text === 'PATH_INFO');
  const script = environ.findIndex((text, i) => i % 2 === 0 && text === 'SCRIPT_NAME');
  if (at < 0 || script < 0) return;
  const [path, scriptName] = [environ[at + 1]!, environ[script + 1]!];
  if (path.startsWith(scriptName)) environ[at + 1] = path.slice(scriptName.length);
}
