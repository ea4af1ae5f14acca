/**
 * AJP13, client role: the answers of an application server, as events.
 *
 *   state    what may come                                      then
 *   idle     nothing
 *   head     GET_BODY_CHUNK (wants-body)                        → head
 *            SEND_HEADERS                                       → body
 *   body     GET_BODY_CHUNK (wants-body), SEND_BODY_CHUNK       → body
 *            END_RESPONSE                                       → idle
 *   broken   nothing is read any more
 */
import type { ResponseDecoder, ResponseEvent } from '../gateway-protocol.ts';
import {
  isBodyless,
  type ResponseLimits,
  UNTIL_CLOSE,
  type UpstreamHead,
} from '../http1/response-reading.ts';
import { Kind } from './codes.ts';
import { FROM_CONTAINER, PacketDecoder, PacketReader } from './packets.ts';
import { readSendHeaders } from './send-headers.ts';

type State = 'idle' | 'head' | 'body' | 'broken';

const EMPTY = Buffer.alloc(0);

export class AjpResponseDecoder implements ResponseDecoder {
  readonly #limits: ResponseLimits;
  #packets = new PacketDecoder(FROM_CONTAINER);
  #state: State = 'idle';
  #method = '';
  /** Body bytes that were declared and have not come; UNTIL_CLOSE where none were declared. */
  #left = 0;

  head: UpstreamHead | null = null;
  data: Buffer = EMPTY;
  readonly trailers = null;
  fault: string | null = null;
  keepsConnection = false;

  constructor(limits: ResponseLimits) {
    this.#limits = limits;
  }

  get pending(): number {
    return this.#packets.pending;
  }

  expect(method: string): void {
    this.#method = method;
    this.#state = 'head';
    this.keepsConnection = false;
  }

  push(chunk: Buffer): void {
    if (this.#state !== 'broken') this.#packets.push(chunk);
  }

  hold(): void {
    this.#packets.hold();
  }

  next(): ResponseEvent {
    if (this.#state === 'broken') return 'broken';
    if (this.#state === 'idle')
      return this.pending === 0 ? 'need-data' : this.#break('bytes that nobody has asked for');
    for (;;) {
      const payload = this.#packets.next();
      if (payload === null)
        return this.#packets.fault === '' ? 'need-data' : this.#break(this.#packets.fault);
      const event = this.#state === 'head' ? this.#beforeHead(payload) : this.#behindHead(payload);
      if (event !== null) return event;
    }
  }

  /** The end of an answer is a packet of its own, which comes later as a rule. */
  takeWhole(): null {
    return null;
  }

  /** The protocol has no way to change to another. */
  takeRest(): Buffer {
    return EMPTY;
  }

  close(): 'end' | 'broken' {
    if (this.#state === 'idle') return 'end';
    const where = this.#state === 'head' ? 'before the head of the answer was there' : 'within the answer';
    this.#break(this.fault ?? `the end of the connection ${where}`);
    return 'broken';
  }

  /** Null: nothing that anybody has to know. */
  #beforeHead(payload: Buffer): ResponseEvent | null {
    const reader = new PacketReader(payload);
    const kind = reader.uint8();
    if (kind === Kind.getBodyChunk) return this.#wantsBody(reader);
    // To pass on what is there, before anything is.
    if (isFlush(kind, payload)) return null;
    if (kind !== Kind.sendHeaders) return this.#break(`an AJP packet of kind ${kind} before the head`);
    const head = readSendHeaders(reader, payload, this.#method, this.#limits, this.head);
    if (typeof head === 'string') return this.#break(head);
    this.head = head;
    this.#left = head.bodyLength;
    this.#state = 'body';
    return 'head';
  }

  #behindHead(payload: Buffer): ResponseEvent | null {
    const reader = new PacketReader(payload);
    const kind = reader.uint8();
    if (kind === Kind.getBodyChunk) return this.#wantsBody(reader);
    if (isFlush(kind, payload)) return null;
    if (kind === Kind.sendBodyChunk) return this.#body(reader);
    if (kind === Kind.endResponse) return this.#end(reader);
    return this.#break(`an AJP packet of kind ${kind} within the answer`);
  }

  /** How much is wanted is of no interest: it is never less than what we send. */
  #wantsBody(reader: PacketReader): ResponseEvent {
    reader.uint16();
    return reader.isMalformed ? this.#break('a malformed AJP packet') : 'wants-body';
  }

  #body(reader: PacketReader): ResponseEvent | null {
    const data = reader.bytes();
    // A NUL may follow, which is no part of it.
    if (reader.isMalformed || reader.left > 1) return this.#break('a malformed AJP packet');
    // The packets say where it ends, so one that may not be there, as after HEAD, can be dropped.
    if (isBodyless(this.#method, this.head!.status)) return null;
    if (this.#left !== UNTIL_CLOSE) {
      if (data.length > this.#left) return this.#break('more of a body than it has declared');
      this.#left -= data.length;
    }
    this.data = data;
    return 'data';
  }

  #end(reader: PacketReader): ResponseEvent {
    const reuse = reader.uint8();
    if (reader.isMalformed) return this.#break('a malformed AJP packet');
    if (this.#left > 0) return this.#break('less of a body than it has declared');
    this.#state = 'idle';
    this.keepsConnection = reuse !== 0;
    return 'end';
  }

  #break(fault: string): ResponseEvent {
    this.#state = 'broken';
    this.fault = fault;
    this.#packets = new PacketDecoder(FROM_CONTAINER);
    return 'broken';
  }
}

/** A piece of the body without bytes. */
function isFlush(kind: number, payload: Buffer): boolean {
  return kind === Kind.sendBodyChunk && payload.length >= 3 && payload.readUInt16BE(1) === 0;
}
