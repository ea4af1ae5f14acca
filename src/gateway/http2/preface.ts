/** How a client that knows beforehand says that it speaks HTTP/2 (RFC 9113, section 3.4). */
const PREFACE = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** The first bytes of a connection: the preface is there, may be on its way, or will not come. */
export function comparePreface(bytes: Buffer): 'whole' | 'part' | 'other' {
  const length = Math.min(bytes.length, PREFACE.length);
  if (bytes.compare(PREFACE, 0, length, 0, length) !== 0) return 'other';
  return length === PREFACE.length ? 'whole' : 'part';
}
