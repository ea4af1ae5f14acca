/**
 * HTTP/1.1 requests, read (RFC 9112). Sans-I/O: bytes go in by `push`, events come out of `next`; no socket, clock
 * or log inside. The caller stops asking for events while a request is being answered, and pipelined requests
 * simply wait in the buffer.
 *
 *   head  (data)*  end   head …          or `refused` at any point, after which nothing follows.
 */
import { appended } from '../../base/appended.ts';
import type { RequestFields } from '../../fields.ts';
import { ChunkedDecoder } from './chunked-decoder.ts';
import { CHUNKED } from './framing.ts';
import { Refusal } from './refusal.ts';
import { type HeadLimits, parseRequestHead, type RequestHead } from './request-head.ts';

export type ParserEvent = 'need-data' | 'head' | 'data' | 'end' | 'refused';

type State = 'head' | 'length' | 'chunked' | 'refused';

const EMPTY = Buffer.alloc(0);
const HEAD_END = Buffer.from('\r\n\r\n');
/** What a head may not contain, wherever its end is: control characters, a bare CR, a bare LF. */
const NEVER_IN_HEAD = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n|$)|(?<!\r)\n/g;
/** Empty lines before a request line that are forgiven (RFC 9112, section 2.2). */
const LEADING_EMPTY_LINES_MAX = 4;

export class RequestParser {
  readonly #limits: HeadLimits;
  #state: State = 'head';
  #buffer: Buffer = EMPTY;
  #at = 0;
  /** Bytes of an incomplete head that have been searched for its end. */
  #searched = 0;
  #emptyLines = 0;
  #left = 0;
  #chunked: ChunkedDecoder | null = null;

  /** After 'head'. Kept until the next one, which may share parts of it. */
  head: RequestHead | null = null;
  /** After 'data': valid until the next `push`. */
  data: Buffer = EMPTY;
  /** After 'end': the trailer fields of a chunked body, null when there are none. */
  trailers: RequestFields | null = null;
  /** After 'refused'. */
  refusal: Refusal | null = null;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** Bytes that have been pushed and not been used yet. */
  get pending(): number {
    return this.#buffer.length - this.#at;
  }

  /** True while a request has begun to arrive and its end has not been seen. */
  get midRequest(): boolean {
    return this.#state !== 'head' || this.pending > 0;
  }

  push(chunk: Buffer): void {
    if (this.#state === 'refused') return;
    this.#buffer = this.pending === 0 ? chunk : appended(this.#buffer, this.#at, chunk);
    this.#at = 0;
  }

  /** Lets go of what is kept to recognise a repeated head; for connections that fall idle. */
  forget(): void {
    if (this.#state !== 'head') return;
    this.head = null;
    if (this.pending > 0) return;
    this.#buffer = EMPTY;
    this.#at = 0;
  }

  /** What is pending, once the connection is switched to another protocol. */
  takeRest(): Buffer {
    const rest = this.#buffer.subarray(this.#at);
    this.#buffer = EMPTY;
    this.#at = 0;
    return rest;
  }

  next(): ParserEvent {
    switch (this.#state) {
      case 'head':
        return this.#nextHead();
      case 'length':
        return this.#nextOfLength();
      case 'chunked':
        return this.#nextOfChunks();
      case 'refused':
        return 'refused';
    }
  }

  #nextHead(): ParserEvent {
    this.#skipEmptyLines();
    if (this.pending === 0) return 'need-data';
    const buffer = this.#buffer;
    const end = buffer.indexOf(HEAD_END, this.#at + Math.max(0, this.#searched - 3));
    if (end < 0) return this.#incompleteHead();
    const text = buffer.latin1Slice(this.#at, end + 2);
    const head = parseRequestHead(text, this.#limits, this.head);
    // The answer must not depend on how the bytes were cut: what a slow sender is refused for comes first.
    if (head instanceof Refusal) return this.#refuse(this.#hopeless(end + 3 - this.#at, 0) ?? head);
    this.#at = end + 4;
    this.#searched = 0;
    this.#emptyLines = 0;
    this.head = head;
    this.trailers = null;
    const { bodyLength } = head.block;
    if (bodyLength === CHUNKED) {
      this.#state = 'chunked';
      this.#chunked = new ChunkedDecoder(this.#limits);
    } else {
      // Also without a body the 'end' event follows: one shape for the caller.
      this.#state = 'length';
      this.#left = bodyLength;
    }
    return 'head';
  }

  #skipEmptyLines(): void {
    const buffer = this.#buffer;
    while (
      this.#emptyLines < LEADING_EMPTY_LINES_MAX &&
      this.#at + 1 < buffer.length &&
      buffer[this.#at] === 13 &&
      buffer[this.#at + 1] === 10
    ) {
      this.#at += 2;
      this.#emptyLines++;
      this.#searched = 0;
    }
  }

  #incompleteHead(): ParserEvent {
    const refusal = this.#hopeless(this.pending, this.#searched);
    if (refusal !== null) return this.#refuse(refusal);
    this.#searched = this.pending;
    return 'need-data';
  }

  /**
   * Judges the first `length` bytes of a head without its end, so that a client that will never send an acceptable
   * head is not waited for. Of several faults the one that shows first counts; `searched` bytes were found good before.
   */
  #hopeless(length: number, searched: number): Refusal | null {
    const { limitRequestLine, limitRequestHead } = this.#limits;
    // Each of these is the number of bytes after which the fault shows.
    const malformed = this.#malformedAfter(length, searched);
    const lineEnd = this.#buffer.indexOf('\r\n', this.#at) - this.#at;
    const lineTooLong = lineEnd < 0 || lineEnd > limitRequestLine ? limitRequestLine + 2 : Infinity;
    const headTooLong = limitRequestHead + 4;
    const first = Math.min(malformed, lineTooLong, headTooLong);
    if (first > length) return null;
    if (first === malformed)
      return new Refusal(400, 'control character or bare line break in the request head');
    if (first === lineTooLong) return new Refusal(414, 'request line longer than limit-request-line');
    return new Refusal(431, 'request head longer than limit-request-head');
  }

  #malformedAfter(length: number, searched: number): number {
    // An empty line here is one more than were skipped.
    if (this.#buffer[this.#at] === 13 && this.#buffer[this.#at + 1] === 10) return 2;
    // The last byte is judged again, now that its successor is known; the byte before it is for the look-behind.
    const from = Math.max(0, searched - 2);
    NEVER_IN_HEAD.lastIndex = Math.min(1, from);
    const found = NEVER_IN_HEAD.exec(this.#buffer.latin1Slice(this.#at + from, this.#at + length));
    if (found === null) return Infinity;
    return from + found.index + (found[0] === '\r' ? 2 : 1);
  }

  #nextOfLength(): ParserEvent {
    if (this.#left === 0) {
      this.#state = 'head';
      return 'end';
    }
    if (this.pending === 0) return 'need-data';
    const take = Math.min(this.#left, this.pending);
    this.data = this.#buffer.subarray(this.#at, this.#at + take);
    this.#at += take;
    this.#left -= take;
    return 'data';
  }

  #nextOfChunks(): ParserEvent {
    const decoder = this.#chunked!;
    const result = decoder.decode(this.#buffer, this.#at);
    if (result === 'refused') return this.#refuse(decoder.refusal!);
    this.#at += decoder.used;
    if (result === 'data') this.data = decoder.data!;
    if (result === 'end') {
      this.#state = 'head';
      this.#chunked = null;
      if (decoder.trailers.names.length > 0) this.trailers = decoder.trailers;
    }
    return result;
  }

  #refuse(refusal: Refusal): ParserEvent {
    this.#state = 'refused';
    this.#buffer = EMPTY;
    this.#at = 0;
    this.refusal = refusal;
    return 'refused';
  }
}
