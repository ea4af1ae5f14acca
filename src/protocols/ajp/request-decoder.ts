/**
 * AJP13, server role: what a front sends, as events. One request at a time; its body comes in packets, of which the front
 * sends the first one unasked where a length was declared, and every other one when `wantsBody` has asked for it.
 *
 *   state      what may come                        then
 *   idle       FORWARD_REQUEST                      → coming (a length), held (chunked), whole (no body)
 *              CPING                                → idle, with CPONG as `reply`
 *   coming     a body packet                        → held, whole
 *   held       nothing: `wantsBody` asks            → coming
 *   whole      nothing: `end` is told               → idle
 *   done       nothing: a request was refused         (where its body would end nobody knows)
 *   broken     nothing is read any more
 */
import type { Bytes } from '../../exchange.ts';
import type { GatewayRequest } from '../cgi/gateway-request.ts';
import type { GatewayLimits, RequestDecoder, RequestEvent } from '../gateway-protocol.ts';
import { Refusal } from '../http1/refusal.ts';
import { UNKNOWN } from '../response-fields.ts';
import { Kind } from './codes.ts';
import { readForwardRequest } from './forward-request.ts';
import {
  bodyBytesIn,
  FROM_CONTAINER,
  FROM_FRONT,
  PACKET_BYTES_DEFAULT,
  PacketDecoder,
  PacketReader,
  packet,
  uint16,
} from './packets.ts';

type State = 'idle' | 'coming' | 'held' | 'whole' | 'done' | 'broken';

const EMPTY = Buffer.alloc(0);
const CPONG = packet(FROM_CONTAINER, String.fromCharCode(Kind.cpong));
/** No front has larger packets than it says itself; all take this for the most that they may send. */
const GET_BODY_CHUNK = packet(
  FROM_CONTAINER,
  String.fromCharCode(Kind.getBodyChunk) + uint16(bodyBytesIn(PACKET_BYTES_DEFAULT)),
);

export class AjpRequestDecoder implements RequestDecoder {
  readonly #limits: GatewayLimits;
  readonly #secret: string;
  #packets = new PacketDecoder(FROM_FRONT);
  #state: State = 'idle';
  /** Body bytes that were declared and have not come; UNKNOWN where an empty packet ends the body. */
  #left = 0;

  readonly id = 0;
  request: GatewayRequest | null = null;
  data: Buffer = EMPTY;
  readonly reply = CPONG;
  fault: Refusal | null = null;
  keepsConnection = true;

  /** `secret`: what each request must carry; '' for none. */
  constructor(limits: GatewayLimits, secret: string) {
    this.#limits = limits;
    this.#secret = secret;
  }

  get pending(): number {
    return this.#packets.pending;
  }

  push(chunk: Buffer): void {
    if (this.#state !== 'done' && this.#state !== 'broken') this.#packets.push(chunk);
  }

  /** '' when they are on their way already, or there are none. */
  wantsBody(): Bytes {
    if (this.#state !== 'held') return '';
    this.#state = 'coming';
    return GET_BODY_CHUNK;
  }

  next(): RequestEvent {
    switch (this.#state) {
      case 'idle':
      case 'coming':
        return this.#nextPacket();
      case 'held':
        return this.pending > 0 ? this.#break('a packet that was not asked for') : 'need-data';
      case 'whole':
        this.#state = 'idle';
        return 'end';
      case 'done':
        return 'need-data';
      case 'broken':
        return 'broken';
    }
  }

  #nextPacket(): RequestEvent {
    const payload = this.#packets.next();
    if (payload !== null) return this.#state === 'idle' ? this.#start(payload) : this.#body(payload);
    return this.#packets.fault === '' ? 'need-data' : this.#break(this.#packets.fault);
  }

  #start(payload: Buffer): RequestEvent {
    const reader = new PacketReader(payload);
    const kind = reader.uint8();
    if (kind === Kind.cping && reader.left === 0) return 'reply';
    if (kind !== Kind.forwardRequest) return this.#break(`an AJP packet of kind ${kind}`);
    const request = readForwardRequest(reader, this.#limits, this.#secret);
    if (request instanceof Refusal) return this.#refuse(request);
    this.request = request;
    this.#left = request.contentLength;
    this.#state = this.#left > 0 ? 'coming' : this.#left === UNKNOWN ? 'held' : 'whole';
    return 'request';
  }

  #body(payload: Buffer): RequestEvent {
    const reader = new PacketReader(payload);
    const data = payload.length === 0 ? EMPTY : reader.bytes();
    if (reader.isMalformed || (reader.left > 0 && payload.length > 0))
      return this.#break('malformed AJP body packet');
    if (data.length === 0) return this.#endOfBody();
    if (this.#left !== UNKNOWN) {
      if (data.length > this.#left) return this.#break('more of a body than its Content-Length');
      this.#left -= data.length;
    }
    this.#state = this.#left === 0 ? 'whole' : 'held';
    this.data = data;
    return 'data';
  }

  #endOfBody(): RequestEvent {
    if (this.#left !== UNKNOWN) return this.#break('less of a body than its Content-Length');
    this.#state = 'idle';
    return 'end';
  }

  #refuse(fault: Refusal): RequestEvent {
    this.#end('done', fault);
    return 'refused';
  }

  #break(why: string): RequestEvent {
    this.#end('broken', new Refusal(400, why));
    return 'broken';
  }

  #end(state: 'done' | 'broken', fault: Refusal): void {
    this.#state = state;
    this.fault = fault;
    this.keepsConnection = false;
    this.#packets = new PacketDecoder(FROM_FRONT);
  }
}
