/**
 * Response heads, written (RFC 9112, sections 4 to 6): status line, fields and the framing of the body.
 * The server decides about framing and connection; what an application says about them is taken as a wish.
 */
import type { FieldList } from '../../exchange.ts';
import { tokenCharacters } from './characters.ts';

/** The body is of unknown length. */
export const UNKNOWN = -1;

export type Framing = 'none' | 'length' | 'chunked' | 'close';

/** What a request says about the answer to it. */
export interface ResponseContext {
  readonly method: string;
  readonly version: string;
  readonly keepAlive: boolean;
}

export interface ResponseHead {
  readonly text: string;
  readonly framing: Framing;
  /** Body bytes that were promised; UNKNOWN when none were. */
  readonly contentLength: number;
  readonly keepAlive: boolean;
}

/** A field that must not be sent; its text is for the log. */
export class InvalidField extends Error {}

const PLAIN = 0;
const CONTENT_LENGTH = 1;
const CONNECTION = 2;
const DATE = 3;
const SERVER = 4;
const HOP_BY_HOP = 5;

const MEANINGS: Readonly<Record<string, number>> = {
  'content-length': CONTENT_LENGTH,
  connection: CONNECTION,
  date: DATE,
  server: SERVER,
  'keep-alive': HOP_BY_HOP,
  'proxy-connection': HOP_BY_HOP,
  'transfer-encoding': HOP_BY_HOP,
  upgrade: HOP_BY_HOP,
};

/** What a name means, by the name as it is written; a few hundred at most, whatever applications invent. */
const meanings = new Map<string, number>();
const MEANINGS_MAX = 500;

function meaningOf(name: string): number {
  const known = meanings.get(name);
  if (known !== undefined) return known;
  if (name === '') throw new InvalidField('a header without a name');
  for (let i = 0; i < name.length; i++) {
    if (tokenCharacters[name.charCodeAt(i)] !== 1)
      throw new InvalidField(`the header name ${JSON.stringify(name)}`);
  }
  const meaning = MEANINGS[name.toLowerCase()] ?? PLAIN;
  if (meanings.size < MEANINGS_MAX) meanings.set(name, meaning);
  return meaning;
}

/** Date and Server, ready to be sent; renewed by `tick` once a second. */
export class ServerFields {
  readonly #server: string;
  #date = '';
  text = '';

  /** `server`: the value of the Server field. */
  constructor(server: string, now: Date) {
    this.#server = server;
    this.tick(now);
  }

  tick(now: Date): void {
    this.#date = now.toUTCString();
    this.text = `Date: ${this.#date}\r\nServer: ${this.#server}\r\n`;
  }

  only(date: boolean, server: boolean): string {
    return (date ? `Date: ${this.#date}\r\n` : '') + (server ? `Server: ${this.#server}\r\n` : '');
  }
}

/**
 * `bodyBytes`: the length of the whole body, or UNKNOWN while it is still being made.
 * Values are trusted to hold no control characters: each source checks its own.
 * @throws InvalidField
 */
export function responseHead(
  context: ResponseContext,
  status: number,
  reason: string,
  fields: FieldList,
  bodyBytes: number,
  server: ServerFields,
): ResponseHead {
  let lines = '';
  let declared = UNKNOWN;
  let keepAlive = context.keepAlive;
  let date = true;
  let serverName = true;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    switch (meaningOf(name)) {
      case CONTENT_LENGTH:
        declared = parseContentLength(value, declared);
        continue;
      case CONNECTION:
        if (value.toLowerCase().includes('close')) keepAlive = false;
        continue;
      case HOP_BY_HOP:
        continue;
      case DATE:
        date = false;
        break;
      case SERVER:
        serverName = false;
        break;
    }
    lines += `${name}: ${value}\r\n`;
  }

  const bodyless = status === 204 || status === 304 || status < 200;
  const isHead = context.method === 'HEAD';
  let framing: Framing;
  let length = declared;
  if (bodyless || isHead) {
    framing = 'none';
    // A HEAD answer may tell the length that GET would have; 204 has none by definition.
    if (isHead && length === UNKNOWN && bodyBytes > 0) length = bodyBytes;
    if (status === 204 || status < 200) length = UNKNOWN;
    if (length !== UNKNOWN) lines += `Content-Length: ${length}\r\n`;
  } else {
    if (length === UNKNOWN) length = bodyBytes;
    if (length !== UNKNOWN) {
      framing = 'length';
      lines += `Content-Length: ${length}\r\n`;
    } else if (context.version === 'HTTP/1.1') {
      framing = 'chunked';
      lines += 'Transfer-Encoding: chunked\r\n';
    } else {
      framing = 'close';
      keepAlive = false;
    }
  }
  if (context.version === 'HTTP/1.1') {
    if (!keepAlive) lines += 'Connection: close\r\n';
  } else if (keepAlive) lines += 'Connection: keep-alive\r\n';
  const ours = date && serverName ? server.text : server.only(date, serverName);
  return {
    text: `HTTP/1.1 ${status} ${reason}\r\n${ours}${lines}\r\n`,
    framing,
    contentLength: length,
    keepAlive,
  };
}

function parseContentLength(value: string, before: number): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidField(`Content-Length: ${JSON.stringify(value)}`);
  const length = Number(value);
  if (before !== UNKNOWN && before !== length) throw new InvalidField(`a second Content-Length: ${value}`);
  return length;
}
