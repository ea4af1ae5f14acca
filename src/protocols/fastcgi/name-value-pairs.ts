/**
 * Name-value pairs of FastCGI 1.0 (section 3.4): the length of the name, that of the value, the name, the value. A length
 * below 128 is one byte, any other four bytes with the highest bit set. Text is latin-1: one character is one byte.
 */

/** ReadVariables of whole pairs. */
export function readPairs(
  text: string,
  pairsMax: number,
  stopsAt: (at: number) => boolean = () => false,
): string[] | string {
  const pairs: string[] = [];
  for (let at = 0; at < text.length; ) {
    const from = at;
    const nameLength = readLength(text, at);
    at += lengthBytes(text, at);
    const valueLength = readLength(text, at);
    at += lengthBytes(text, at);
    const valueAt = at + nameLength;
    const end = valueAt + valueLength;
    // Not a number where the text ends within a length.
    if (!(end <= text.length)) return 'a variable that ends behind the last one of its stream';
    if (pairs.length === 2 * pairsMax) return `more than ${pairsMax} variables`;
    if (text.startsWith('HTTP_', at) && stopsAt(from)) return pairs;
    pairs.push(text.substring(at, valueAt), text.substring(valueAt, end));
    at = end;
  }
  return pairs;
}

const lengthBytes = (text: string, at: number): number => (text.charCodeAt(at) < 128 ? 1 : 4);

function readLength(text: string, at: number): number {
  const first = text.charCodeAt(at);
  if (first < 128) return first;
  const [second, third, fourth] = [text.charCodeAt(at + 1), text.charCodeAt(at + 2), text.charCodeAt(at + 3)];
  return (first - 128) * 0x1000000 + second * 0x10000 + third * 0x100 + fourth;
}

export function pair(name: string, value: string): string {
  return writeLength(name.length) + writeLength(value.length) + name + value;
}

/** Those of one byte. */
const LENGTHS = Array.from({ length: 128 }, (_, length) => String.fromCharCode(length));

function writeLength(length: number): string {
  return (
    LENGTHS[length] ??
    String.fromCharCode(128 | (length >>> 24), (length >> 16) & 255, (length >> 8) & 255, length & 255)
  );
}
