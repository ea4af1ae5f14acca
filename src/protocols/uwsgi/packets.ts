/**
 * Packets of the uwsgi protocol: a header of 4 bytes, and a block of variables. Both roles read and write them.
 *
 *   modifier1 · size of the block (2 bytes, little endian) · modifier2
 *   a variable: length of the name (2 bytes, little endian) · name · length of the value (2) · value
 *
 * The size has two bytes, so a block can never be longer than 65,535. Text is latin-1: one character is one byte.
 */

export const HEADER_BYTES = 4;
export const BLOCK_MAX = 65_535;

/** Values of modifier1. A request for an application in Python … */
export const WSGI = 0;
/** … and the older way to write one below a mount point: PATH_INFO still has SCRIPT_NAME in front. */
export const WSGI_MANAGED = 30;
/** With modifier2 = 0; the answer has 1. */
export const PING = 100;

export function packetHeader(modifier1: number, size: number, modifier2 = 0): string {
  return String.fromCharCode(modifier1, size & 255, size >> 8, modifier2);
}

/** ReadVariables of a whole block. */
export function readVariables(
  block: string,
  variablesMax: number,
  stopsAt: (at: number) => boolean = () => false,
): string[] | string {
  const variables: string[] = [];
  for (let at = 0; at < block.length; ) {
    const nameAt = at + 2;
    const nameEnd = nameAt + readLength(block, at);
    const valueAt = nameEnd + 2;
    const end = valueAt + readLength(block, nameEnd);
    // Not a number where the block ends within a length.
    if (!(end <= block.length)) return 'a variable that ends behind the last one of its packet';
    if (variables.length === 2 * variablesMax) return `more than ${variablesMax} variables`;
    if (block.startsWith('HTTP_', nameAt) && stopsAt(at)) return variables;
    variables.push(block.substring(nameAt, nameEnd), block.substring(valueAt, end));
    at = end;
  }
  return variables;
}

const readLength = (block: string, at: number): number =>
  block.charCodeAt(at) + block.charCodeAt(at + 1) * 256;

export function variable(name: string, value: string): string {
  return writeLength(name.length) + name + writeLength(value.length) + value;
}

/** Most are short. */
const LENGTHS = Array.from({ length: 256 }, (_, length) => String.fromCharCode(length, 0));

const writeLength = (length: number): string =>
  LENGTHS[length] ?? String.fromCharCode(length & 255, length >> 8);
