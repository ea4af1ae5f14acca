/** What the fields of a response mean to the server that sends it, in every version of HTTP. */
import { INTERNAL_FIELDS } from '../fields.ts';
import { tokenCharacters } from './http1/characters.ts';

/** The body is of unknown length. */
export const UNKNOWN = -1;

/** A field that must not be sent; its text is for the log. */
export class InvalidField extends Error {}

export const PLAIN = 0;
export const CONTENT_LENGTH = 1;
export const CONNECTION = 2;
export const DATE = 3;
export const SERVER = 4;
/** Of one connection, or for a server and not for its client. */
export const NOT_SENT = 5;
export const HSTS = 6;

const MEANINGS: Readonly<Record<string, number>> = {
  'content-length': CONTENT_LENGTH,
  connection: CONNECTION,
  date: DATE,
  server: SERVER,
  'strict-transport-security': HSTS,
  'keep-alive': NOT_SENT,
  'proxy-connection': NOT_SENT,
  'transfer-encoding': NOT_SENT,
  upgrade: NOT_SENT,
  te: NOT_SENT,
  'http2-settings': NOT_SENT,
  ...Object.fromEntries([...INTERNAL_FIELDS].map((name) => [name, NOT_SENT])),
};

/** What a name means, by the name as it is written; a few hundred at most, whatever applications invent. */
const meanings = new Map<string, number>();
const MEANINGS_MAX = 500;

/** @throws InvalidField for what is no name. */
export function meaningOf(name: string): number {
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

/** Date, Server and what else all answers have, ready to be sent; renewed by `tick` once a second. */
export class ServerFields {
  readonly server: string;
  date = '';
  /** Takes the place of the application's Strict-Transport-Security; null: that may stand. */
  readonly hstsPolicy: string | null;
  /** All as lines of HTTP/1.1. */
  text = '';

  /** `server`: the value of the Server field. */
  constructor(server: string, now: Date, hstsPolicy: string | null = null) {
    this.server = server;
    this.hstsPolicy = hstsPolicy;
    this.tick(now);
  }

  tick(now: Date): void {
    this.date = now.toUTCString();
    this.text = this.only(true, true);
  }

  only(date: boolean, server: boolean): string {
    const hsts = this.hstsPolicy === null ? '' : `Strict-Transport-Security: ${this.hstsPolicy}\r\n`;
    return (date ? `Date: ${this.date}\r\n` : '') + (server ? `Server: ${this.server}\r\n` : '') + hsts;
  }
}

/** `before`: of an earlier field of the name, or UNKNOWN. @throws InvalidField */
export function parseContentLength(value: string, before: number): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidField(`Content-Length: ${JSON.stringify(value)}`);
  const length = Number(value);
  if (before !== UNKNOWN && before !== length) throw new InvalidField(`a second Content-Length: ${value}`);
  return length;
}
