/**
 * The first message of a TLS client (RFC 8446, section 4.1.2), read before TLS begins: which host it wants, which
 * protocols it speaks, and which key its session tickets were made with. From that a listener chooses the certificate,
 * without the detour that a callback of the TLS library takes. Nothing here decides about security: the library reads
 * the same bytes again, with its own care.
 */

export interface ClientHello {
  /** In lower case; null when the client names none. */
  readonly serverName: string | null;
  /** What it offers by ALPN, such as `h2` and `http/1.1`. */
  readonly protocols: readonly string[];
  /** The names of the keys of its session tickets, as latin-1. */
  readonly ticketKeyNames: readonly string[];
}

/** `plain`: the client does not speak TLS. `malformed`: no hello that can be read, or one that is too long. */
export type HelloResult = ClientHello | 'incomplete' | 'plain' | 'malformed';

/** With post-quantum key shares and a ticket a hello has about 2 KB. */
const HELLO_BYTES_MAX = 16_384;
const RECORD_HEADER_BYTES = 5;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
/** Of the tickets that OpenSSL makes. */
const KEY_NAME_BYTES = 16;
const HOST_NAME = /^[a-z0-9_.-]{1,253}$/;

const SERVER_NAME = 0;
const ALPN = 16;
const SESSION_TICKET = 35;
const PRE_SHARED_KEY = 41;

/** `bytes`: all that has come so far. */
export function readClientHello(bytes: Buffer): HelloResult {
  if (bytes.length === 0) return 'incomplete';
  if (bytes[0] !== HANDSHAKE_RECORD) return 'plain';
  try {
    const message = joinRecords(bytes);
    return message === null ? 'incomplete' : parseMessage(message);
  } catch (error) {
    if (error instanceof RangeError) return 'malformed';
    throw error;
  }
}

/** The handshake message that the records carry; it may be spread over several. Null: more has to come. */
function joinRecords(bytes: Buffer): Buffer | null {
  const fragments: Buffer[] = [];
  let wanted = HELLO_BYTES_MAX;
  let joined = 0;
  for (let at = 0; joined < wanted; ) {
    if (bytes.length < at + RECORD_HEADER_BYTES) return null;
    const length = bytes.readUInt16BE(at + 3);
    const isHandshake = bytes[at] === HANDSHAKE_RECORD && bytes[at + 1] === 3;
    if (!isHandshake || length === 0) throw new RangeError('no handshake record');
    const fragment = bytes.subarray(at + RECORD_HEADER_BYTES, at + RECORD_HEADER_BYTES + length);
    fragments.push(fragment);
    joined += fragment.length;
    at += RECORD_HEADER_BYTES + length;
    if (joined >= 4 && wanted === HELLO_BYTES_MAX) wanted = messageBytes(Buffer.concat(fragments));
    if (fragment.length < length && joined < wanted) return null;
  }
  return Buffer.concat(fragments).subarray(0, wanted);
}

/** Of the message, with its header. */
function messageBytes(start: Buffer): number {
  const bytes = 4 + start.readUIntBE(1, 3);
  if (start[0] !== CLIENT_HELLO || bytes > HELLO_BYTES_MAX) throw new RangeError('no hello of usual size');
  return bytes;
}

function parseMessage(message: Buffer): ClientHello {
  const reader = new Reader(message.subarray(4));
  reader.skip(2 + 32); // version and random
  reader.vector(1); // session id
  reader.vector(2); // cipher suites
  reader.vector(1); // compression methods
  let serverName: string | null = null;
  let protocols: string[] = [];
  let ticketKeyNames: string[] = [];
  const extensions = new Reader(reader.isAtEnd ? Buffer.alloc(0) : reader.vector(2));
  while (!extensions.isAtEnd) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type === SERVER_NAME) serverName = readServerName(new Reader(content));
    else if (type === ALPN) protocols = readProtocols(new Reader(content));
    else if (type === SESSION_TICKET && content.length > 0) ticketKeyNames = [keyNameOf(content)];
    else if (type === PRE_SHARED_KEY) ticketKeyNames = readTickets(new Reader(content));
  }
  return { serverName, protocols, ticketKeyNames };
}

function readServerName(content: Reader): string | null {
  const names = new Reader(content.vector(2));
  while (!names.isAtEnd) {
    const type = names.number(1);
    const name = names.vector(2).latin1Slice().toLowerCase();
    if (type === 0) return HOST_NAME.test(name) ? name.replace(/\.$/, '') : null;
  }
  return null;
}

function readProtocols(content: Reader): string[] {
  const list = new Reader(content.vector(2));
  const protocols: string[] = [];
  while (!list.isAtEnd) protocols.push(list.vector(1).latin1Slice());
  return protocols;
}

function readTickets(content: Reader): string[] {
  const identities = new Reader(content.vector(2));
  const names: string[] = [];
  while (!identities.isAtEnd) {
    names.push(keyNameOf(identities.vector(2)));
    identities.skip(4); // age
  }
  return names;
}

function keyNameOf(ticket: Buffer): string {
  return ticket.latin1Slice(0, KEY_NAME_BYTES);
}

/** Reads the structures of TLS from the front. Throws RangeError where bytes are missing. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  number(size: number): number {
    const value = this.#bytes.readUIntBE(this.#at, size);
    this.#at += size;
    return value;
  }

  skip(size: number): void {
    if (this.#at + size > this.#bytes.length) throw new RangeError('too short');
    this.#at += size;
  }

  /** Bytes behind their length, which takes `lengthSize` bytes. */
  vector(lengthSize: number): Buffer {
    const length = this.number(lengthSize);
    const from = this.#at;
    this.skip(length);
    return this.#bytes.subarray(from, from + length);
  }
}
