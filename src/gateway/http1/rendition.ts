/**
 * Answers that are given again and again (files in memory): head and body rendered into one buffer, which Node writes
 * without copying. An answer is known by its list of fields, which is frozen for that purpose, and rendered anew when
 * the Date has changed.
 */
import type { FieldList } from '../../exchange.ts';
import type { ServerFields } from '../../protocols/response-fields.ts';

/** Larger bodies are better sent straight from their file. */
const BODY_MAX = 65_536;
/** A larger body is copied only when it is asked for again while its head is the same. */
const AT_ONCE_MAX = 16_384;

interface Rendition {
  readonly status: number;
  readonly body: Uint8Array;
  /** The Date and Server lines that are in it. */
  readonly serverText: string;
  /** Null: it was given once. */
  readonly bytes: Buffer | null;
}

const renditions = new WeakMap<FieldList, Rendition>();

export function mayRender(fields: FieldList, body: Uint8Array): boolean {
  return body.length <= BODY_MAX && Object.isFrozen(fields);
}

/** The answer as it was rendered before, or null. */
export function rendered(
  status: number,
  fields: FieldList,
  body: Uint8Array,
  server: ServerFields,
): Buffer | null {
  const known = renditions.get(fields);
  if (known === undefined || known.serverText !== server.text) return null;
  return known.status === status && known.body === body ? known.bytes : null;
}

/** Null: not yet worth it. `head`: as it goes to an HTTP/1.1 client whose connection is kept. */
export function render(
  status: number,
  fields: FieldList,
  body: Uint8Array,
  server: ServerFields,
  head: string,
): Buffer | null {
  const known = renditions.get(fields);
  const isAgain = known?.serverText === server.text && known.body === body;
  const isWorthIt = body.length <= AT_ONCE_MAX || isAgain;
  const bytes = isWorthIt ? Buffer.concat([Buffer.from(head, 'latin1'), body]) : null;
  renditions.set(fields, { status, body, serverText: server.text, bytes });
  return bytes;
}
