/**
 * A request on its way to a worker: the CGI and WSGI variables (RFC 3875, PEP 3333) as values without their keys.
 *
 * Most requests have the same few combinations of header fields. Such a list of keys is a *shape*: it gets a
 * number, is told to each channel once, and from then on a request is its number and its values, separated by NUL,
 * which Python turns into the environ dictionary with one `str.split` and one `dict.update`. (Measured: half the
 * time of unmarshalling a dictionary; see docs/decisions/.) The parser lets no NUL through, so the separator is safe.
 *
 *   shape u16 | body kind u8 | text length u32 | text (latin-1) | inline body
 */
import type { RequestFields } from '../../fields.ts';
import { Body, frame, frameHeader, Kind, u16, u32 } from './frames.ts';

/** The keys that every request has, in the order of their values. The worker has the same list. */
export const FIXED_KEYS = [
  'REQUEST_METHOD',
  'SCRIPT_NAME',
  'PATH_INFO',
  'QUERY_STRING',
  'REQUEST_URI',
  'SERVER_PROTOCOL',
  'SERVER_NAME',
  'SERVER_PORT',
  'REMOTE_ADDR',
  'REMOTE_PORT',
  'wsgi.url_scheme',
  'vivarium.request_id',
] as const;

const SEPARATOR = '\0';

/** More shapes than real clients make; beyond it all are forgotten, so that invented names cost no memory. */
const SHAPES_MAX = 512;

export interface Shape {
  readonly number: number;
  /** The frame that tells a channel about it. */
  readonly definition: string;
}

/** What is sent of fields: the number of their shape, and their values. */
interface Encoded {
  readonly shape: Shape;
  readonly text: string;
}

/** What RequestFields.encoded holds, made once for fields that repeat. */
interface EncodedFields extends Encoded {
  readonly epoch: number;
  readonly keys: string;
  /** Shapes of these fields with other variables, by the names of those; made with the first of them. */
  extended: Map<string, Shape> | null;
}

/** No two are the same: fields that requests for different applications share are encoded for each. */
let epochs = 0;

/** The shapes of one application. */
export class Shapes {
  readonly #byKeys = new Map<string, Shape>();
  /** Changes when all shapes were forgotten: what a channel knew before is void. */
  epoch = ++epochs;

  encode(fields: RequestFields): EncodedFields {
    const known = fields.encoded as EncodedFields | null;
    if (known !== null && known.epoch === this.epoch) return known;
    const keys: string[] = [];
    const values: string[] = [];
    collect(fields, keys, values);
    const keysText = keys.join(SEPARATOR);
    const shape = this.#shape(keysText);
    let text = '';
    for (const value of values) text += SEPARATOR + value;
    const encoded = { epoch: this.epoch, keys: keysText, shape, text, extended: null };
    fields.encoded = encoded;
    return encoded;
  }

  /** `environ`: name, value, … of variables beside those of the fields, before which they count. */
  encodeWith(fields: RequestFields, environ: readonly string[]): Encoded {
    const encoded = this.encode(fields);
    let { text } = encoded;
    let names = '';
    for (let i = 0; i < environ.length; i += 2) {
      names += SEPARATOR + environ[i]!;
      text += SEPARATOR + bytesOf(environ[i + 1]!);
    }
    return { shape: this.#extended(encoded, names), text };
  }

  /** `names`: each behind a separator. */
  #extended(encoded: EncodedFields, names: string): Shape {
    const known = encoded.extended?.get(names);
    if (known !== undefined) return known;
    const shape = this.#shape(encoded.keys === '' ? names.slice(1) : encoded.keys + names);
    encoded.extended ??= new Map();
    // They are not more than there are shapes, whose number is limited.
    encoded.extended.set(names, shape);
    return shape;
  }

  #shape(keys: string): Shape {
    const known = this.#byKeys.get(keys);
    if (known !== undefined) return known;
    if (this.#byKeys.size >= SHAPES_MAX) {
      this.#byKeys.clear();
      this.epoch = ++epochs;
    }
    const number = this.#byKeys.size;
    const shape = { number, definition: frame(Kind.shape, number, keys) };
    this.#byKeys.set(keys, shape);
    return shape;
  }
}

/**
 * A value that does not come from the parser, which lets no separator and no other characters than bytes through: cut to
 * its low byte, U+0100 would be a separator. Text is UTF-8, as PEP 3333 has it.
 */
function bytesOf(value: string): string {
  if (!/[^\x01-\xff]/.test(value)) return value;
  return Buffer.from(value.replaceAll(SEPARATOR, ''), 'utf8').latin1Slice();
}

/** Fields to variables; a repeated field is one variable with its values joined (RFC 9110, section 5.3). */
function collect(fields: RequestFields, keys: string[], values: string[]): void {
  for (let i = 0; i < fields.names.length; i++) {
    const key = fields.names[i]!.cgi;
    if (key === '') continue;
    const value = fields.values[i]!;
    const before = keys.indexOf(key);
    if (before < 0) {
      keys.push(key);
      values.push(value);
    } else {
      values[before] += (key === 'HTTP_COOKIE' ? '; ' : ', ') + value;
    }
  }
}

/** The values of the fixed keys, in their order. */
export interface RequestLine {
  readonly method: string;
  readonly scriptName: string;
  readonly pathInfo: string;
  readonly query: string;
  readonly uri: string;
  readonly version: string;
  readonly serverName: string;
  readonly serverPort: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly scheme: string;
  readonly id: string;
}

/** The text of a request frame. */
export function requestText(line: RequestLine, fields: Encoded): string {
  return (
    `${line.method}\0${line.scriptName}\0${line.pathInfo}\0${line.query}\0${line.uri}\0${line.version}\0` +
    `${line.serverName}\0${line.serverPort}\0${line.remoteAddress}\0${line.remotePort}\0${line.scheme}\0${line.id}${fields.text}`
  );
}

/** `body` is latin-1, whole and at most INLINE_BODY_MAX; null: none, or it follows in frames of its own. */
export function requestFrame(
  id: number,
  shape: number,
  text: string,
  body: string | null,
  follows: boolean,
): string {
  const kind = body !== null ? Body.inline : follows ? Body.follows : Body.none;
  const payload = u16(shape) + String.fromCharCode(kind) + u32(text.length) + text;
  if (body === null) return frame(Kind.request, id, payload);
  return frameHeader(Kind.request, id, payload.length + body.length) + payload + body;
}
