/**
 * CGI responses (RFC 3875, section 6) as SCGI and uwsgi carry them, one a connection, and FastCGI in its records. The
 * body goes on to the end of the stream, or as far as Content-Length says. Sans-I/O, with the shape of
 * http1/response-parser.ts.
 */
import type { ResponseDecoder } from '../gateway-protocol.ts';
import { type ResponseLimits, UNTIL_CLOSE, type UpstreamHead } from '../http1/response-reading.ts';
import { readCgiHead } from './response-head.ts';

type Event = 'need-data' | 'head' | 'data' | 'end' | 'broken';
type State = 'idle' | 'head' | 'length' | 'until-close' | 'switched' | 'broken';

const EMPTY = Buffer.alloc(0);
const LF = 10;
const CR = 13;
/** What a head may not contain: control characters, a CR that is not before an LF. */
const NEVER_IN_HEAD = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n|$)/;

export class CgiResponseParser implements ResponseDecoder {
  readonly #limits: ResponseLimits;
  #state: State = 'idle';
  #method = '';
  #buffer: Buffer = EMPTY;
  #at = 0;
  /** Bytes of an incomplete head that have been searched for its end. */
  #searched = 0;
  #left = 0;

  head: UpstreamHead | null = null;
  data: Buffer = EMPTY;
  readonly trailers = null;
  fault: string | null = null;
  /** The end of the stream ends the answer. */
  readonly keepsConnection = false;

  constructor(limits: ResponseLimits) {
    this.#limits = limits;
  }

  get pending(): number {
    return this.#buffer.length - this.#at;
  }

  expect(method: string): void {
    this.#method = method;
    this.#state = 'head';
    this.#searched = 0;
  }

  push(chunk: Buffer): void {
    if (this.#state === 'broken') return;
    this.#buffer = this.pending === 0 ? chunk : Buffer.concat([this.#buffer.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  hold(): void {
    this.#buffer = this.pending === 0 ? EMPTY : Buffer.from(this.#buffer.subarray(this.#at));
    this.#at = 0;
  }

  next(): Event {
    switch (this.#state) {
      case 'head':
        return this.#nextHead();
      case 'length':
        return this.#nextOfLength();
      case 'until-close':
        return this.pending === 0 ? 'need-data' : this.#take(this.pending);
      case 'switched':
        return 'need-data';
      case 'idle':
        return this.pending === 0 ? 'need-data' : this.#break('bytes that nobody has asked for');
      case 'broken':
        return 'broken';
    }
  }

  takeWhole(): Buffer | null {
    if (this.#state !== 'length' || this.pending < this.#left) return null;
    this.#take(this.#left);
    this.#left = 0;
    this.#state = 'idle';
    return this.data;
  }

  close(): 'end' | 'broken' {
    if (this.#state === 'until-close' || (this.#state === 'length' && this.#left === 0)) {
      this.#state = 'idle';
      return 'end';
    }
    const where = this.#state === 'head' ? 'before the head of the answer was there' : 'within the answer';
    if (this.#state !== 'broken') this.#break(`the end of the stream ${where}`);
    return 'broken';
  }

  takeRest(): Buffer {
    const rest = Buffer.from(this.#buffer.subarray(this.#at));
    this.#buffer = EMPTY;
    this.#at = 0;
    return rest;
  }

  #nextHead(): Event {
    if (this.pending === 0) return 'need-data';
    const end = this.#endOfHead();
    if (end === null) return this.#incompleteHead();
    if (end.lines - this.#at > this.#limits.headMax) return this.#break(this.#tooLong());
    const text = this.#buffer.latin1Slice(this.#at, end.lines);
    const fault = NEVER_IN_HEAD.test(text) ? 'a control character in the head' : null;
    const head = fault ?? readCgiHead(text, this.#method, this.#limits, this.head);
    if (typeof head === 'string') return this.#break(head);
    this.#at = end.body;
    this.head = head;
    this.#begin(head);
    return 'head';
  }

  /** The empty line, which ends in LF or CRLF like the line before it: where the lines end, and where the body begins. */
  #endOfHead(): { readonly lines: number; readonly body: number } | null {
    const buffer = this.#buffer;
    // The last two bytes before are looked at again, now that their successors are known.
    let lf = buffer.indexOf(LF, this.#at + Math.max(0, this.#searched - 2));
    for (; lf >= 0; lf = buffer.indexOf(LF, lf + 1)) {
      if (buffer[lf + 1] === LF) return { lines: lf + 1, body: lf + 2 };
      if (buffer[lf + 1] === CR && buffer[lf + 2] === LF) return { lines: lf + 1, body: lf + 3 };
    }
    return null;
  }

  /** A server that will never send an acceptable head is not waited for. */
  #incompleteHead(): Event {
    if (this.pending > this.#limits.headMax + 2) return this.#break(this.#tooLong());
    const text = this.#buffer.latin1Slice(this.#at + Math.max(0, this.#searched - 1));
    if (NEVER_IN_HEAD.test(text)) return this.#break('a control character in the head');
    const first = this.#buffer[this.#at];
    if (first === LF || first === CR) return this.#break('a head without fields');
    this.#searched = this.pending;
    return 'need-data';
  }

  #begin({ status, bodyLength }: UpstreamHead): void {
    if (status === 101) this.#state = 'switched';
    else if (bodyLength === UNTIL_CLOSE) this.#state = 'until-close';
    else {
      this.#state = 'length';
      this.#left = bodyLength;
    }
  }

  #nextOfLength(): Event {
    if (this.#left === 0) {
      this.#state = 'idle';
      return 'end';
    }
    if (this.pending === 0) return 'need-data';
    const count = Math.min(this.#left, this.pending);
    this.#left -= count;
    return this.#take(count);
  }

  #tooLong(): string {
    return `a head of more than ${this.#limits.headMax} bytes`;
  }

  #take(count: number): Event {
    this.data = this.#buffer.subarray(this.#at, this.#at + count);
    this.#at += count;
    return 'data';
  }

  #break(fault: string): Event {
    this.#state = 'broken';
    this.#buffer = EMPTY;
    this.#at = 0;
    this.fault = fault;
    return 'broken';
  }
}
