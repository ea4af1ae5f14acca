/** The character classes of RFC 9110 and RFC 9112 as tables: one look a character. Index: a latin-1 code. */

function table(members: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (members(code) ? 1 : 0));
}

const TCHAR = /[!#$%&'*+\-.^_`|~0-9A-Za-z]/;

/** token characters (RFC 9110, section 5.6.2): field names. */
export const tokenCharacters = table((code) => TCHAR.test(String.fromCharCode(code)));

/** Methods: tokens, without the lower-case letters that no registered method has ("get" is a mistake or a probe). */
export const methodCharacters = table((code) => {
  const c = String.fromCharCode(code);
  return TCHAR.test(c) && !/[a-z#]/.test(c);
});

/** Field values: visible characters, space, tab and obs-text (RFC 9110, section 5.5). */
export const valueCharacters = table((code) => code === 9 || (code >= 32 && code !== 127));

/**
 * Request targets: visible characters. Bytes above 127 are not allowed by RFC 3986, but real clients send raw
 * UTF-8 and every server in front of Python passes it.
 */
export const targetCharacters = table((code) => code > 32 && code !== 127);

/** Hexadecimal digits: their value, 255 for anything else. */
export const hexValues = Uint8Array.from({ length: 256 }, (_, code) => {
  const value = Number.parseInt(String.fromCharCode(code), 16);
  return Number.isNaN(value) ? 255 : value;
});

export function consistsOf(text: string, allowed: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (allowed[text.charCodeAt(i)] !== 1) return false;
  return true;
}
