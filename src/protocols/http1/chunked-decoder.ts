/**
 * The chunked transfer coding (RFC 9112, section 7.1), read. Bytes in, body pieces out; chunk extensions are
 * checked and dropped, trailer fields checked and kept.
 */
import { RequestFields } from '../../fields.ts';
import { hexValues } from './characters.ts';
import { Refusal } from './refusal.ts';
import { type HeadLimits, parseFieldLines } from './request-head.ts';

/** Longest chunk-size line; extensions have no use today, so the room is small. */
const SIZE_LINE_MAX = 1024;
const SIZE_DIGITS_MAX = 12;
/** Bytes of all extensions of one body: more is a way to make us read much for a body that stays under its limit. */
const EXTENSIONS_MAX = 16 * 1024;
/** From the first semicolon on; white space is only forgiven where real clients put it, behind a semicolon. */
const EXTENSIONS =
  /^(?:;[\t ]*[!#$%&'*+\-.^_`|~\w]+(?:=(?:[!#$%&'*+\-.^_`|~\w]+|"(?:[\t !#-[\]-~\x80-\xff]|\\[\t -~\x80-\xff])*"))?)*$/;
/**
 * Fields that would change framing, routing or access after the head has been judged (RFC 9110, section 6.5.1).
 * Others are harmless, as trailers are never merged into the head.
 */
export const FORBIDDEN_TRAILERS = new Set([
  'content-length',
  'transfer-encoding',
  'host',
  'trailer',
  'te',
  'connection',
  'keep-alive',
  'upgrade',
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'content-encoding',
  'content-range',
  'expect',
  'range',
  'cache-control',
  'max-forwards',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-proto',
  'x-forwarded-host',
]);

type State = 'size' | 'data' | 'data-end' | 'trailers' | 'done';

export class ChunkedDecoder {
  readonly #limits: HeadLimits;
  readonly trailers = new RequestFields();
  #state: State = 'size';
  /** Bytes of the present chunk still to come. */
  #left = 0;
  /** Of a line that is not complete yet: latin-1. */
  #partial = '';
  #extensionBytes = 0;
  #trailerBytes = 0;
  /** A piece of the body after `decode` returned 'data'. */
  data: Buffer | null = null;
  refusal: Refusal | null = null;
  /** How many of the bytes passed to `decode` it has used. */
  used = 0;

  constructor(limits: HeadLimits) {
    this.#limits = limits;
  }

  /** Consumes from `buffer` at `from` until there is a piece of data, the end, an error, or nothing left. */
  decode(buffer: Buffer, from: number): 'need-data' | 'data' | 'end' | 'refused' {
    let at = from;
    while (at < buffer.length) {
      if (this.#state === 'data') {
        const take = Math.min(this.#left, buffer.length - at);
        this.data = buffer.subarray(at, at + take);
        this.#left -= take;
        if (this.#left === 0) this.#state = 'data-end';
        this.used = at + take - from;
        return 'data';
      }
      const line = this.#takeLine(buffer, at);
      if (line === 'refused') return 'refused';
      at += this.used;
      if (line === 'need-data') break;
      this.refusal = this.#lineDone();
      if (this.refusal !== null) return 'refused';
      if (this.#state === 'done') {
        this.used = at - from;
        return 'end';
      }
    }
    this.used = at - from;
    return 'need-data';
  }

  /** Collects bytes up to a line feed in #partial. */
  #takeLine(buffer: Buffer, from: number): 'line' | 'need-data' | 'refused' {
    const newline = buffer.indexOf(10, from);
    const end = newline < 0 ? buffer.length : newline + 1;
    if (this.#partial.length + end - from > this.#room()) {
      return this.#refuse(this.#state === 'trailers' ? 431 : 400, 'chunk line or trailer section too long');
    }
    this.#partial += buffer.toString('latin1', from, end);
    this.used = end - from;
    if (newline < 0) return this.#plausible() ? 'need-data' : this.#refuse(400, 'malformed chunk');
    if (!this.#partial.endsWith('\r\n')) return this.#refuse(400, 'bare line feed in a chunked body');
    return 'line';
  }

  /** How long the present line may be. */
  #room(): number {
    if (this.#state === 'data-end') return 2;
    if (this.#state === 'size') return SIZE_LINE_MAX;
    return this.#limits.limitRequestHead - this.#trailerBytes;
  }

  /** An incomplete line that can never become right is refused at once, not when its end arrives. */
  #plausible(): boolean {
    if (this.#state === 'data-end') return this.#partial === '\r';
    return this.#state === 'trailers' || /^[0-9A-Fa-f]+(?:;[\t\x20-\x7e\x80-\xff]*)?\r?$/.test(this.#partial);
  }

  #lineDone(): Refusal | null {
    const line = this.#partial.slice(0, -2);
    this.#partial = '';
    if (this.#state === 'trailers') return this.#trailerDone(line);
    if (this.#state === 'data-end') {
      // The line is empty: there was room for no more than its CRLF.
      this.#state = 'size';
      return null;
    }
    const size = this.#sizeOf(line);
    if (size < 0) return new Refusal(400, 'malformed chunk size');
    if (this.#extensionBytes > EXTENSIONS_MAX) return new Refusal(400, 'chunk extensions too long');
    this.#left = size;
    this.#state = size === 0 ? 'trailers' : 'data';
    return null;
  }

  #trailerDone(line: string): Refusal | null {
    if (line === '') {
      this.#state = 'done';
      return null;
    }
    this.#trailerBytes += line.length + 2;
    const refusal = parseFieldLines(`${line}\r\n`, this.#limits, this.trailers);
    if (refusal !== null) return refusal;
    const name = this.trailers.names.at(-1)!.lower;
    return FORBIDDEN_TRAILERS.has(name) ? new Refusal(400, `field not allowed as a trailer: ${name}`) : null;
  }

  #refuse(status: number, why: string): 'refused' {
    this.refusal = new Refusal(status, why);
    return 'refused';
  }

  /** -1 when malformed. Nothing may stand between the digits and an extension's semicolon. */
  #sizeOf(line: string): number {
    let size = 0;
    let at = 0;
    for (; at < line.length; at++) {
      const digit = hexValues[line.charCodeAt(at)]!;
      if (digit === 255) break;
      size = size * 16 + digit;
    }
    if (at === 0 || at > SIZE_DIGITS_MAX) return -1;
    if (at === line.length) return size;
    this.#extensionBytes += line.length - at;
    return EXTENSIONS.test(line.slice(at)) ? size : -1;
  }
}
