/**
 * Text of clients in a log line. Nobody may forge a line, close a quote or move the cursor of a terminal, so
 * whatever is not printable ASCII is written as an escape.
 */

const UNSAFE = /[^\x20-\x7e]|["\\]/;
const EVERY_UNSAFE = /[^\x20-\x7e]|["\\]/g;

const NAMED: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\b': '\\b',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** As Apache's ap_escape_logitem: `\"`, `\\`, the named controls, and `\xhh` for every other byte. */
export function escapeLogItem(text: string): string {
  return UNSAFE.test(text) ? text.replace(EVERY_UNSAFE, (c) => NAMED[c] ?? `\\x${hex(c, 2)}`) : text;
}

/** A JSON string of ASCII alone. Bytes from 0x80 come out as `\u00hh`: the value is the wire's bytes as latin-1. */
export function jsonString(text: string): string {
  if (!UNSAFE.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(/[^\x20-\x7e]/g, (c) => `\\u${hex(c, 4)}`);
}

function hex(character: string, digits: number): string {
  return character.charCodeAt(0).toString(16).padStart(digits, '0');
}
