/**
 * FastCGI requests, read (FastCGI 1.0, sections 3 to 6): as many at once on a connection as the web server sends. What a
 * record does to its request is in request-states.ts.
 *
 * What FastCGI itself answers (questions about us, roles that we do not have) is a `reply`.
 */
import { appended } from '../../base/appended.ts';
import { type GatewayRequest, readGatewayRequest } from '../cgi/gateway-request.ts';
import { KnownFields } from '../cgi/known-fields.ts';
import type { GatewayLimits, RequestDecoder, RequestEvent } from '../gateway-protocol.ts';
import { Refusal } from '../http1/refusal.ts';
import { UNKNOWN } from '../response-fields.ts';
import { managementReply } from './management.ts';
import { readPairs } from './name-value-pairs.ts';
import {
  ABORT_REQUEST,
  BEGIN_REQUEST,
  endRequest,
  GET_VALUES,
  KEEP_CONN,
  OVERLOADED,
  PARAMS,
  REQUEST_COMPLETE,
  RESPONDER,
  RecordReader,
  STDIN,
  UNKNOWN_ROLE,
} from './records.ts';
import { type RequestInput, type RequestState, STATES } from './request-states.ts';

/** Requests at once on a connection. nginx, Apache, lighttpd, Caddy and HAProxy send one. */
export const REQUESTS_MAX = 32;

const EMPTY = Buffer.alloc(0);
/** Variables are limited in bytes; their number only so far that a request of none but empty ones costs little. */
const VARIABLES_MAX = 2000;
const fields = new KnownFields(readPairs);

/** A request that has not arrived whole. */
interface Incoming {
  state: RequestState;
  params: Buffer;
  /** Bytes of body that are still to come; UNKNOWN: as many as there are. */
  owed: number;
}

export class FastCgiRequestDecoder implements RequestDecoder {
  readonly #limits: GatewayLimits;
  readonly #records = new RecordReader();
  readonly #requests = new Map<number, Incoming>();
  #isBroken = false;
  id = 0;
  request: GatewayRequest | null = null;
  data: Buffer = EMPTY;
  reply = '';
  fault: Refusal | null = null;
  /** False once the web server has left it to us to close the connection (FCGI_KEEP_CONN). */
  keepsConnection = true;

  constructor(limits: GatewayLimits) {
    this.#limits = limits;
  }

  get pending(): number {
    return this.#records.pending;
  }

  push(chunk: Buffer): void {
    this.#records.push(chunk);
  }

  next(): RequestEvent {
    for (;;) {
      if (this.#isBroken) return 'broken';
      const read = this.#records.next();
      if (read === 'need-data') return read;
      if (read === 'broken') return this.#break(this.#records.fault);
      const event = this.#onRecord();
      if (event !== null) return event;
    }
  }

  #onRecord(): RequestEvent | null {
    const { type, id, content } = this.#records;
    this.id = id;
    if (id === 0 && type >= GET_VALUES) return this.#reply(managementReply(type, content));
    const input = inputOf(type, content);
    if (input === null || id === 0)
      return this.#break(`a record of type ${type} for request ${id} from a web server`);
    const incoming = this.#requests.get(id);
    const state = STATES[incoming?.state ?? 'idle'][input];
    if (state === undefined) return this.#break(`${input} of a request in state ${incoming!.state}`);
    if (input === 'begin') return this.#begin(content);
    if (input === 'abort') return this.#abort(incoming);
    if (incoming === undefined) return null;
    incoming.state = state;
    switch (input) {
      case 'params':
        return this.#addParams(incoming, content);
      case 'params-end':
        return this.#interpret(incoming);
      case 'stdin':
        return this.#addBody(incoming, content);
      case 'stdin-end':
        this.#requests.delete(id);
        // Section 6.2: a client that has left before it had sent everything.
        return incoming.owed > 0 ? 'abort' : 'end';
    }
  }

  #begin(content: Buffer): RequestEvent | null {
    this.fault = null;
    if (content.length < 3) return this.#break('a BEGIN_REQUEST that is too short');
    const role = content.readUInt16BE(0);
    if ((content[2]! & KEEP_CONN) === 0) this.keepsConnection = false;
    if (role !== RESPONDER) return this.#reply(endRequest(this.id, 0, UNKNOWN_ROLE));
    if (this.#requests.size >= REQUESTS_MAX) return this.#reply(endRequest(this.id, 0, OVERLOADED));
    this.#requests.set(this.id, { state: 'params', params: EMPTY, owed: UNKNOWN });
    return null;
  }

  #addParams(incoming: Incoming, content: Buffer): RequestEvent | null {
    if (incoming.params.length + content.length > this.#limits.limitRequestHead)
      return this.#refuse(new Refusal(431, 'request head longer than limit-request-head'));
    // A copy of the first piece, too: what was pushed is behind it, and is not to be written over.
    const { params } = incoming;
    incoming.params = params.length === 0 ? Buffer.from(content) : appended(params, 0, content);
    return null;
  }

  #interpret(incoming: Incoming): RequestEvent {
    const read = fields.read(incoming.params.latin1Slice(), VARIABLES_MAX, this.#limits);
    incoming.params = EMPTY;
    if (typeof read === 'string') return this.#refuse(new Refusal(400, `malformed FastCGI: ${read}`));
    const request = readGatewayRequest(read.environ, this.#limits, read.known);
    if (request instanceof Refusal) return this.#refuse(request);
    fields.keep(read, request, this.#limits);
    incoming.owed = request.contentLength;
    this.request = request;
    return 'request';
  }

  #addBody(incoming: Incoming, content: Buffer): RequestEvent {
    const { owed } = incoming;
    if (owed === UNKNOWN) {
      this.data = content;
      return 'data';
    }
    if (content.length > owed) this.#break('more body than CONTENT_LENGTH');
    if (owed === 0) return 'broken';
    this.data = content.subarray(0, owed);
    incoming.owed = owed - this.data.length;
    return 'data';
  }

  /** What still comes of it is ignored. */
  #refuse(refusal: Refusal): RequestEvent {
    this.#requests.delete(this.id);
    this.fault = refusal;
    return 'refused';
  }

  /** Section 5.4: a request that is given up has an end all the same. Of one that was told whoever answers sends it. */
  #abort(incoming: Incoming | undefined): RequestEvent {
    this.#requests.delete(this.id);
    return incoming?.state === 'params' ? this.#reply(endRequest(this.id, 0, REQUEST_COMPLETE)) : 'abort';
  }

  #reply(text: string): RequestEvent {
    this.reply = text;
    return 'reply';
  }

  #break(why: string): RequestEvent {
    this.fault = new Refusal(400, `not FastCGI as it should be: ${why}`);
    this.#requests.clear();
    this.#isBroken = true;
    return 'broken';
  }
}

function inputOf(type: number, content: Buffer): RequestInput | null {
  switch (type) {
    case BEGIN_REQUEST:
      return 'begin';
    case ABORT_REQUEST:
      return 'abort';
    case PARAMS:
      return content.length === 0 ? 'params-end' : 'params';
    case STDIN:
      return content.length === 0 ? 'stdin-end' : 'stdin';
    default:
      return null;
  }
}
