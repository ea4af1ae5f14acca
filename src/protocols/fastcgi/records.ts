/**
 * Records of FastCGI 1.0 (section 3.3): a header of 8 bytes, content of up to 65,535, padding that is skipped. Both roles
 * read and write them.
 *
 *   version=1 · type · request id (2 bytes) · content length (2) · padding length (1) · reserved (1)
 *
 * Records of a *stream* (PARAMS, STDIN, STDOUT, STDERR) are pieces of a text without an end: what is there of them is
 * handed on, and an empty one ends the stream. The others are *discrete*: short, and read whole.
 */
import { appended } from '../../base/appended.ts';

export const BEGIN_REQUEST = 1;
export const ABORT_REQUEST = 2;
export const END_REQUEST = 3;
export const PARAMS = 4;
export const STDIN = 5;
export const STDOUT = 6;
export const STDERR = 7;
export const DATA = 8;
export const GET_VALUES = 9;
export const GET_VALUES_RESULT = 10;
export const UNKNOWN_TYPE = 11;

export const RESPONDER = 1;
export const KEEP_CONN = 1;

/** Values of the protocol status of END_REQUEST (section 5.5). */
export const REQUEST_COMPLETE = 0;
export const CANT_MPX_CONN = 1;
export const OVERLOADED = 2;
export const UNKNOWN_ROLE = 3;

export const HEADER_BYTES = 8;
const END_REQUEST_BYTES = 16;
/** The most content of a record we write: the next smaller multiple of 8, so that full records need no padding (section 3.3). */
export const CONTENT_MAX = 65_528;
/** The most content of a discrete record we read. Those of the specification have 8 bytes, GET_VALUES not quite 60. */
const DISCRETE_MAX = 1024;

/** The header of a record, and the padding behind its content, as latin-1 text. */
export function recordHeader(type: number, id: number, length: number): string {
  return String.fromCharCode(1, type, id >> 8, id & 255, length >> 8, length & 255, paddingOf(length), 0);
}

const PADDINGS = Array.from({ length: 8 }, (_, count) => '\0'.repeat(count));

export function padding(length: number): string {
  return PADDINGS[paddingOf(length)]!;
}

const paddingOf = (length: number): number => -length & 7;

/** A whole record of at most CONTENT_MAX bytes of latin-1 text. */
export function record(type: number, id: number, content: string): string {
  return recordHeader(type, id, content.length) + content + padding(content.length);
}

/** A discrete record whose content is a number in four bytes and another in one (section 5.5). */
export function endRequest(id: number, appStatus: number, protocolStatus: number): string {
  const status = [24, 16, 8, 0].map((shift) => (appStatus >>> shift) & 255);
  return record(END_REQUEST, id, String.fromCharCode(...status, protocolStatus, 0, 0, 0));
}

const isStream = (type: number): boolean => type >= PARAMS && type <= DATA;
const isKnown = (type: number): boolean => type >= BEGIN_REQUEST && type <= UNKNOWN_TYPE;

export type RecordEvent = 'need-data' | 'record' | 'broken';

const EMPTY = Buffer.alloc(0);

/** Bytes in by `push`, records out of `next`. */
export class RecordReader {
  #buffer: Buffer = EMPTY;
  #at = 0;
  /** Content of the present record that has not come out, and padding behind it. */
  #contentLeft = 0;
  #paddingLeft = 0;

  /** After 'record'. A record of a stream that comes in pieces is told more than once. */
  type = 0;
  id = 0;
  /** After 'record': valid until the next `push`. Empty: the end of a stream, or a type that is not known. */
  content: Buffer = EMPTY;
  /** After 'broken'. */
  fault = '';

  /** Bytes that have been pushed and not been used. */
  get pending(): number {
    return this.#buffer.length - this.#at;
  }

  push(chunk: Buffer): void {
    if (this.fault !== '') return;
    this.#buffer = this.pending === 0 ? chunk : appended(this.#buffer, this.#at, chunk);
    this.#at = 0;
  }

  /** Copies what is not used yet: the bytes that were pushed are going to be overwritten. */
  hold(): void {
    this.#buffer = this.pending === 0 ? EMPTY : Buffer.from(this.#buffer.subarray(this.#at));
    this.#at = 0;
  }

  /** What is there next ends a request well: at most an empty STDOUT record stands before its END_REQUEST. */
  get isEnding(): boolean {
    const buffer = this.#buffer;
    let at = this.#at + this.#contentLeft + this.#paddingLeft;
    if (buffer[at + 1] === STDOUT && buffer[at + 4] === 0 && buffer[at + 5] === 0)
      at += HEADER_BYTES + buffer[at + 6]!;
    return at + END_REQUEST_BYTES <= buffer.length && buffer[at + 1] === END_REQUEST;
  }

  next(): RecordEvent {
    if (this.fault !== '') return 'broken';
    if (this.#contentLeft > 0 && isStream(this.type)) return this.#piece();
    if (!this.#skip()) return 'need-data';
    if (this.pending < HEADER_BYTES) return this.#incompleteHeader();
    return this.#header();
  }

  #incompleteHeader(): RecordEvent {
    // Somebody who speaks another protocol may wait for an answer to less than a header.
    return this.pending > 0 && this.#buffer[this.#at] !== 1 ? this.#breakVersion() : 'need-data';
  }

  #header(): RecordEvent {
    const [buffer, at] = [this.#buffer, this.#at];
    if (buffer[at] !== 1) return this.#breakVersion();
    const type = buffer[at + 1]!;
    const length = buffer.readUInt16BE(at + 4);
    if (!isStream(type) && isKnown(type)) {
      if (length > DISCRETE_MAX) return this.#break(`a record of type ${type} with ${length} bytes`);
      if (this.pending < HEADER_BYTES + length) return 'need-data';
    }
    this.type = type;
    this.id = buffer.readUInt16BE(at + 2);
    this.#contentLeft = length;
    this.#paddingLeft = buffer[at + 6]!;
    this.#at += HEADER_BYTES;
    if (isStream(type) && length > 0) return this.#piece();
    this.content = isKnown(type) ? this.#take(length) : EMPTY;
    this.#skip();
    return 'record';
  }

  #piece(): RecordEvent {
    if (this.pending === 0) return 'need-data';
    this.content = this.#take(Math.min(this.pending, this.#contentLeft));
    if (this.#contentLeft === 0) this.#skip();
    return 'record';
  }

  #take(count: number): Buffer {
    const taken = this.#buffer.subarray(this.#at, this.#at + count);
    this.#at += count;
    this.#contentLeft -= count;
    return taken;
  }

  /** Over the padding, and the content of a record of a type that is not known. False: there is more of it to come. */
  #skip(): boolean {
    const left = this.#contentLeft + this.#paddingLeft;
    const skipped = Math.min(left, this.pending);
    this.#at += skipped;
    this.#contentLeft = 0;
    this.#paddingLeft = left - skipped;
    return this.#paddingLeft === 0;
  }

  #breakVersion(): RecordEvent {
    return this.#break(`something that is not FastCGI 1.0 (first byte ${this.#buffer[this.#at]})`);
  }

  #break(fault: string): RecordEvent {
    this.fault = fault;
    this.#buffer = EMPTY;
    this.#at = 0;
    return 'broken';
  }
}
