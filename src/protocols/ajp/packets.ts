/**
 * Packets of AJP13, read and written, in both directions: two bytes that say who speaks, the length of the rest in two
 * bytes, and the rest. Numbers have the high byte first; a text has its length before it and a NUL behind it.
 *
 * Sans-I/O: `push` bytes, `next` gives packets. A packet is written as a latin-1 string, one character a byte.
 */
import { appended } from '../../base/appended.ts';
import { FIELD_CODE } from './codes.ts';

/** Who speaks. */
export const FROM_FRONT = 0x1234;
export const FROM_CONTAINER = 0x4142;

export const HEADER_BYTES = 4;
/** What both ends understand without being told, with the header. */
export const PACKET_BYTES_DEFAULT = 8192;

/** Body bytes of a request that fit into a packet of this size, behind the header and their own length. */
export function bodyBytesIn(packetBytes: number): number {
  return packetBytes - HEADER_BYTES - 2;
}

/** The length of a text that is not there. */
const NO_TEXT = 0xffff;

export function uint16(value: number): string {
  return String.fromCharCode((value >> 8) & 0xff, value & 0xff);
}

export function text(value: string): string {
  return `${uint16(value.length)}${value}\0`;
}

/** Names are shorter: the length of a longer one would be read as a code. */
export const NAME_BYTES_MAX = (FIELD_CODE << 8) - 1;

/** The name of a field: its code where it has one. */
export function codedName(name: string, codes: ReadonlyMap<string, number>): string {
  const code = codes.get(name.toLowerCase());
  return code === undefined ? text(name) : String.fromCharCode(FIELD_CODE, code);
}

export function packet(speaker: number, payload: string): string {
  return uint16(speaker) + uint16(payload.length) + payload;
}

const EMPTY = Buffer.alloc(0);

/** Bytes into packets. What cannot be one sets `fault`, after which nothing follows. */
export class PacketDecoder {
  readonly #speaker: number;
  #buffer: Buffer = EMPTY;
  #at = 0;

  /** Completes "the peer sent …". */
  fault = '';

  /** `speaker`: who is listened to. */
  constructor(speaker: number) {
    this.#speaker = speaker;
  }

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
    this.#buffer = appended(this.#buffer, this.#at, EMPTY);
    this.#at = 0;
  }

  /** The payload of the next packet, valid until the next `push`; null when it is not whole yet, or never will be. */
  next(): Buffer | null {
    if (this.pending < HEADER_BYTES) return null;
    const speaker = this.#buffer.readUInt16BE(this.#at);
    if (speaker !== this.#speaker) return this.#break(`a packet that begins with ${hex(speaker)}`);
    const start = this.#at + HEADER_BYTES;
    const end = start + this.#buffer.readUInt16BE(this.#at + 2);
    if (end > this.#buffer.length) return null;
    this.#at = end;
    return this.#buffer.subarray(start, end);
  }

  #break(fault: string): null {
    this.fault = fault;
    this.#buffer = EMPTY;
    this.#at = 0;
    return null;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(4, '0')}`;
}

/**
 * The payload of a packet, read from its start. Reading beyond its end, or a text that does not end as it must, gives
 * nothings from there on, and `isMalformed` says so: it is looked at once, at the end.
 */
export class PacketReader {
  readonly #payload: Buffer;
  #at = 0;
  isMalformed = false;

  constructor(payload: Buffer) {
    this.#payload = payload;
  }

  get left(): number {
    return this.#payload.length - this.#at;
  }

  uint8(): number {
    return this.#has(1) ? this.#payload[this.#at++]! : 0;
  }

  uint16(): number {
    if (!this.#has(2)) return 0;
    this.#at += 2;
    return this.#payload.readUInt16BE(this.#at - 2);
  }

  /** '' also for a text that is not there. */
  text(): string {
    const length = this.uint16();
    return length === NO_TEXT ? '' : this.#textOf(length);
  }

  /** A name that is in the list by its code, or written out; '' for a code that nobody knows. */
  name(coded: readonly string[]): string {
    const first = this.uint16();
    return first >> 8 === FIELD_CODE ? (coded[(first & 0xff) - 1] ?? '') : this.#textOf(first);
  }

  /** As many bytes as the number before them says. */
  bytes(): Buffer {
    const length = this.uint16();
    if (!this.#has(length)) return EMPTY;
    this.#at += length;
    return this.#payload.subarray(this.#at - length, this.#at);
  }

  #textOf(length: number): string {
    if (!this.#has(length + 1)) return '';
    const end = this.#at + length;
    const value = this.#payload.latin1Slice(this.#at, end);
    if (this.#payload[end] !== 0) this.isMalformed = true;
    this.#at = end + 1;
    return value;
  }

  #has(bytes: number): boolean {
    if (this.isMalformed || this.left < bytes) this.isMalformed = true;
    return !this.isMalformed;
  }
}
