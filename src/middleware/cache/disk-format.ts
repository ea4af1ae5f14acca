/** A stored response as bytes of a file, and back. */
import { createHash } from 'node:crypto';
import { Entry, type EntryHead, maySend } from './entry.ts';

const MAGIC = Buffer.from('vivarium cache 1\n');
const DIGEST_BYTES = 16;
/** Magic, lengths of head and body, digest. */
const PREFACE_BYTES = MAGIC.length + 8 + DIGEST_BYTES;
const HEAD_BYTES_MAX = 256 * 1024;

/** Says by which fields the responses of a key are chosen; the responses themselves are in files of their own. */
export interface VaryMarker {
  readonly key: string;
  readonly url: string;
  /** One list for each way that the answers of the key have varied, the newest first. */
  readonly marker: readonly (readonly string[])[];
}

/** Null when its head is too large. */
export function encode(head: EntryHead | VaryMarker, body: Buffer): Buffer | null {
  const text = Buffer.from(JSON.stringify(head));
  if (text.length > HEAD_BYTES_MAX) return null;
  const preface = Buffer.alloc(PREFACE_BYTES);
  MAGIC.copy(preface);
  preface.writeUInt32LE(text.length, MAGIC.length);
  preface.writeUInt32LE(body.length, MAGIC.length + 4);
  digest(text, body).copy(preface, MAGIC.length + 8);
  return Buffer.concat([preface, text, body]);
}

/** Null: it is no such file, or not whole, or not as it was written. */
export function decode(bytes: Buffer): Entry | VaryMarker | null {
  const lengths = readPreface(bytes);
  if (lengths === null || bytes.length !== PREFACE_BYTES + lengths.headBytes + lengths.bodyBytes) return null;
  const text = bytes.subarray(PREFACE_BYTES, PREFACE_BYTES + lengths.headBytes);
  const body = bytes.subarray(PREFACE_BYTES + lengths.headBytes);
  if (!digest(text, body).equals(bytes.subarray(MAGIC.length + 8, PREFACE_BYTES))) return null;
  const head = parseHead(text);
  return head === null || 'marker' in head ? head : new Entry(head, body);
}

/** How many bytes a file begins with that are not its body; null: it is no such file. */
export function bytesBeforeBody(bytes: Buffer): number | null {
  const lengths = readPreface(bytes);
  return lengths === null ? null : PREFACE_BYTES + lengths.headBytes;
}

/** The head alone, of a file that begins with these bytes. */
export function decodeHead(bytes: Buffer): EntryHead | VaryMarker | null {
  const length = bytesBeforeBody(bytes);
  return length === null ? null : parseHead(bytes.subarray(PREFACE_BYTES, length));
}

function parseHead(text: Buffer): EntryHead | VaryMarker | null {
  try {
    const head = JSON.parse(text.toString());
    return isMarker(head) || isEntryHead(head) ? head : null;
  } catch {
    return null;
  }
}

const NUMBERS = [
  'status',
  'storedAtMs',
  'initialAgeMs',
  'lifetimeMs',
  'staleWhileRevalidateMs',
  'staleIfErrorMs',
] as const;

/** A file is believed no more than a stranger: what is not as we write it is not sent. */
function isEntryHead(head: EntryHead): boolean {
  const isNamed = typeof head.key === 'string' && typeof head.url === 'string';
  const hasNumbers = NUMBERS.every((name) => Number.isFinite(head[name]));
  const lists = [head.fields, head.varyNames, head.varyValues, head.tags];
  const isSafe = lists.every(isListOfTexts) && maySend(head.status, head.fields);
  const validators = [head.etag, head.lastModified];
  return (
    isNamed && hasNumbers && isSafe && validators.every((one) => one === null || typeof one === 'string')
  );
}

function isMarker(head: VaryMarker): boolean {
  const isNamed = typeof head.key === 'string' && typeof head.url === 'string';
  return isNamed && Array.isArray(head.marker) && head.marker.every(isListOfTexts);
}

function isListOfTexts(list: unknown): boolean {
  return Array.isArray(list) && list.every((text) => typeof text === 'string');
}

/** Null when it is no such file. */
function readPreface(bytes: Buffer): { headBytes: number; bodyBytes: number } | null {
  if (bytes.length < PREFACE_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return null;
  const headBytes = bytes.readUInt32LE(MAGIC.length);
  if (headBytes > HEAD_BYTES_MAX) return null;
  return { headBytes, bodyBytes: bytes.readUInt32LE(MAGIC.length + 4) };
}

function digest(head: Buffer, body: Buffer): Buffer {
  return createHash('sha256').update(head).update(body).digest().subarray(0, DIGEST_BYTES);
}
