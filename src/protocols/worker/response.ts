/**
 * The head of an answer as a worker sends it, read and checked: status line and fields as NUL-separated latin-1.
 *
 *   pieces u16 | text length u32 | text: status line, name, value, name, value, … | body (only in `response`)
 *
 * The number of pieces exposes a NUL smuggled into a value; control characters are looked for in one go.
 */

export interface ResponseHead {
  readonly status: number;
  /** The status line without the version: "200 OK". */
  readonly statusLine: string;
  /** name, value, name, value, … */
  readonly fields: string[];
  /** Where the body begins in the buffer. */
  readonly bodyStart: number;
}

const PREFIX_BYTES = 6;
const CONTROL_CHARACTERS = /[\x01-\x08\x0a-\x1f\x7f]/;

/** From buffer[start, end). A string says in words what is wrong with it. */
export function decodeResponseHead(buffer: Buffer, start: number, end: number): ResponseHead | string {
  if (end - start < PREFIX_BYTES) return 'truncated response head';
  const count = buffer[start]! | (buffer[start + 1]! << 8);
  const textStart = start + PREFIX_BYTES;
  const bodyStart = textStart + buffer.readUInt32LE(start + 2);
  if (bodyStart > end) return 'truncated response head';
  const text = buffer.latin1Slice(textStart, bodyStart);
  const fields = text.split('\0');
  if (fields.length !== count || (count & 1) === 0)
    return 'a NUL character in the status line or in a header';
  if (CONTROL_CHARACTERS.test(text)) return `a control character in ${describe(fields)}`;
  const statusLine = fields.shift()!;
  const status = parseStatus(statusLine);
  if (status < 0) return `the malformed status ${JSON.stringify(statusLine)}; "NNN reason" is expected`;
  return { status, statusLine, fields, bodyStart };
}

/** An interim answer (1xx) cannot come through WSGI, whose status is the final one. */
const STATUS_LINE = /^[2-9]\d\d(?: |$)/;

function parseStatus(line: string): number {
  return STATUS_LINE.test(line) ? Number(line.slice(0, 3)) : -1;
}

function describe(pieces: readonly string[]): string {
  const at = pieces.findIndex((piece) => CONTROL_CHARACTERS.test(piece));
  if (at === 0) return `the status ${JSON.stringify(pieces[0])}`;
  const name = at % 2 === 1 ? pieces[at] : pieces[at - 1];
  return `the header ${JSON.stringify(name)}: ${JSON.stringify(pieces[at])}`;
}
