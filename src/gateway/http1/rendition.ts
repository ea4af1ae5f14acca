/**
 * Answers that are given again and again (files in memory): head and body rendered into one buffer, which Node writes
 * without copying. An answer is known by its list of fields, which is frozen for that purpose, and rendered anew when
 * the Date has changed.
 */
import type { FieldList } from '../../exchange.ts';
import type { ServerFields } from '../../protocols/response-fields.ts';

/** Of larger bodies a copy would cost more than it saves. */
const BODY_MAX = 16_384;

interface Rendition {
  readonly status: number;
  readonly body: Uint8Array;
  /** The Date and Server lines that are in it. */
  readonly serverText: string;
  readonly bytes: Buffer;
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

/** `head`: as it goes to an HTTP/1.1 client whose connection is kept. */
export function render(
  status: number,
  fields: FieldList,
  body: Uint8Array,
  server: ServerFields,
  head: string,
): Buffer {
  const bytes = Buffer.concat([Buffer.from(head, 'latin1'), body]);
  renditions.set(fields, { status, body, serverText: server.text, bytes });
  return bytes;
}
