/**
 * HTTP/1.1 responses, read (RFC 9112): the client's side of request-parser.ts, and sans-I/O like it. Bytes go in by
 * `push`, events come out of `next`, `expect` says what was asked for.
 *
 *   interim*  head  (data)*  end       or `broken` at any point, after which nothing follows
 *   interim*  head (101)  rest …       whatever comes behind it belongs to the other protocol
 *
 * Pushed bytes are not kept beyond the next `push` without a copy (`hold`), so that a socket can read into one buffer
 * again and again.
 */
import type { FieldList } from '../../exchange.ts';
import type { ResponseDecoder } from '../gateway-protocol.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { CHUNKED } from './framing.ts';
import { type ResponseLimits, readResponseHead, UNTIL_CLOSE, type UpstreamHead } from './response-reading.ts';

type Event = 'need-data' | 'interim' | 'head' | 'data' | 'end' | 'broken';
type State = 'idle' | 'head' | 'length' | 'chunked' | 'until-close' | 'switched' | 'broken';

const EMPTY = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');
/** What a head may not contain, wherever its end is: control characters, a bare CR, a bare LF. */
const NEVER_IN_HEAD = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n|$)|(?<!\r)\n/;
/** Heads of 1xx before the answer: nobody has a use for more. */
const INTERIM_MAX = 20;

export class ResponseParser implements ResponseDecoder {
  readonly #limits: ResponseLimits;
  #state: State = 'idle';
  #method = '';
  #buffer: Buffer = EMPTY;
  #at = 0;
  /** Bytes of an incomplete head that have been searched for its end. */
  #searched = 0;
  #interims = 0;
  #left = 0;
  #chunked: ChunkedDecoder | null = null;

  /** After 'interim' and 'head'. Kept to recognise the next one. */
  head: UpstreamHead | null = null;
  /** After 'data': valid until the next `push`. */
  data: Buffer = EMPTY;
  /** After 'end': the trailer fields of a chunked body, null when there are none. */
  trailers: FieldList | null = null;
  /** After 'broken': completes "the server sent …". */
  fault: string | null = null;

  constructor(limits: ResponseLimits) {
    this.#limits = limits;
  }

  /** Bytes that have been pushed and not been used. */
  get pending(): number {
    return this.#buffer.length - this.#at;
  }

  /** After 'end' and `takeWhole`: another request may follow. */
  get keepsConnection(): boolean {
    return this.head!.keepAlive;
  }

  /** A request was sent; its answer is next. */
  expect(method: string): void {
    this.#method = method;
    this.#state = 'head';
    this.#interims = 0;
  }

  push(chunk: Buffer): void {
    if (this.#state === 'broken') return;
    this.#buffer = this.pending === 0 ? chunk : Buffer.concat([this.#buffer.subarray(this.#at), chunk]);
    this.#at = 0;
  }

  /** Copies what is not used yet: the bytes that were pushed are going to be overwritten. */
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
      case 'chunked':
        return this.#nextOfChunks();
      case 'until-close':
        return this.pending === 0 ? 'need-data' : this.#take(this.pending);
      case 'switched':
        return 'need-data';
      case 'idle':
        // Nobody has asked: the answer to a request that we know nothing of.
        return this.pending === 0 ? 'need-data' : this.#break('bytes that nobody has asked for');
      case 'broken':
        return 'broken';
    }
  }

  /** After 'head': the whole body and with it the end of the answer, when its length is known and it is there; else null. */
  takeWhole(): Buffer | null {
    if (this.#state !== 'length' || this.pending < this.#left) return null;
    this.#take(this.#left);
    this.#left = 0;
    this.#state = 'idle';
    return this.data;
  }

  /** The server has closed its half of the connection: the end of the answer, or of all hope for one. */
  close(): 'end' | 'broken' {
    if (this.#state === 'until-close') {
      this.#state = 'idle';
      return 'end';
    }
    const where = this.#state === 'head' ? 'before the head of the answer was there' : 'within the answer';
    if (this.#state !== 'broken') this.#break(`the end of the connection ${where}`);
    return 'broken';
  }

  /** After a head with status 101: what has come behind it. */
  takeRest(): Buffer {
    const rest = Buffer.from(this.#buffer.subarray(this.#at));
    this.#buffer = EMPTY;
    this.#at = 0;
    return rest;
  }

  #nextHead(): Event {
    const buffer = this.#buffer;
    if (this.pending === 0) return 'need-data';
    const end = buffer.indexOf(HEAD_END, this.#at + Math.max(0, this.#searched - 3));
    if (end < 0) return this.#incompleteHead();
    if (end + 2 - this.#at > this.#limits.headMax) return this.#break(this.#tooLong());
    const text = buffer.latin1Slice(this.#at, end + 2);
    const head = readResponseHead(text, this.#method, this.#limits, this.head);
    if (typeof head === 'string') return this.#break(head);
    this.#at = end + 4;
    this.#searched = 0;
    this.head = head;
    this.trailers = null;
    if (head.status < 200 && head.status !== 101) return this.#interim();
    this.#begin(head);
    return 'head';
  }

  #interim(): Event {
    return ++this.#interims > INTERIM_MAX
      ? this.#break(`more than ${INTERIM_MAX} interim answers`)
      : 'interim';
  }

  #begin({ status, bodyLength }: UpstreamHead): void {
    if (status === 101) {
      this.#state = 'switched';
    } else if (bodyLength === CHUNKED) {
      this.#state = 'chunked';
      const { headMax, fieldsMax } = this.#limits;
      this.#chunked = new ChunkedDecoder({
        limitRequestLine: headMax,
        limitRequestFields: fieldsMax,
        limitRequestFieldSize: headMax,
        limitRequestHead: headMax,
      });
    } else if (bodyLength === UNTIL_CLOSE) {
      this.#state = 'until-close';
    } else {
      this.#state = 'length';
      this.#left = bodyLength;
    }
  }

  /** A server that will never send an acceptable head is not waited for. */
  #incompleteHead(): Event {
    if (this.pending > this.#limits.headMax + 4) return this.#break(this.#tooLong());
    // The last byte is judged again, now that its successor is known; the byte before it is for the look-behind.
    const from = Math.max(0, this.#searched - 2);
    const text = this.#buffer.latin1Slice(this.#at + from);
    const fault = NEVER_IN_HEAD.exec(text);
    // A line feed at the cut may have its CR before it.
    if (fault !== null && !(fault[0] === '\n' && fault.index === 0 && from > 0))
      return this.#break('a control character or a bare line break in the head');
    if (
      !'HTTP/1.'.startsWith(this.#buffer.latin1Slice(this.#at, Math.min(this.#at + 7, this.#buffer.length)))
    )
      return this.#break('something that is not HTTP/1');
    this.#searched = this.pending;
    return 'need-data';
  }

  #tooLong(): string {
    return `a head of more than ${this.#limits.headMax} bytes`;
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

  #nextOfChunks(): Event {
    const decoder = this.#chunked!;
    if (this.pending === 0) return 'need-data';
    const result = decoder.decode(this.#buffer, this.#at);
    if (result === 'refused') return this.#break(faultOfChunks(decoder));
    this.#at += decoder.used;
    if (result === 'data') this.data = decoder.data!;
    if (result === 'end') {
      this.#state = 'idle';
      this.#chunked = null;
      const { names, values } = decoder.trailers;
      if (names.length > 0) this.trailers = names.flatMap((name, i) => [name.raw, values[i]!]);
    }
    return result;
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

/** Its words are about requests where a limit is concerned. */
function faultOfChunks({ refusal }: ChunkedDecoder): string {
  return refusal!.status === 431
    ? 'trailers beyond the limits'
    : `a chunked body with a fault: ${refusal!.why}`;
}
