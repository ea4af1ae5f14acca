/** Writes DER (ITU-T X.690), as much of it as certificates and requests for them need. */

type Der = Buffer;

const tlv =
  (tag: number) =>
  (...content: readonly Uint8Array[]): Der => {
    const bytes = Buffer.concat(content);
    return Buffer.concat([Buffer.from([tag, ...lengthBytes(bytes.length)]), bytes]);
  };

function lengthBytes(length: number): number[] {
  if (length < 0x80) return [length];
  return length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
}

export const sequence = tlv(0x30);
export const set = tlv(0x31);
export const octetString = tlv(0x04);
export const utf8String = (text: string): Der => tlv(0x0c)(Buffer.from(text));
export const boolean = (value: boolean): Der => tlv(0x01)(Buffer.from([value ? 0xff : 0]));
/** A bit string of whole bytes. */
export const bitString = (content: Uint8Array): Der => tlv(0x03)(Buffer.from([0]), content);

/** `[n]` around other structures, and `[n]` in the place of a tag. */
export const explicit = (n: number, ...content: readonly Uint8Array[]): Der => tlv(0xa0 + n)(...content);
export const implicit = (n: number, content: Uint8Array): Der => tlv(0x80 + n)(content);

/** A whole number, of its big-endian bytes. */
export function integer(bytes: Uint8Array): Der {
  const sign = bytes[0]! >= 0x80 ? [0] : [];
  return tlv(0x02)(Buffer.from(sign), bytes);
}

export function objectId(dotted: string): Der {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  const arcs = [first! * 40 + second!, ...rest].flatMap(base128);
  return tlv(0x06)(Buffer.from(arcs));
}

function base128(arc: number): number[] {
  const digits = [arc & 0x7f];
  for (let left = arc >>> 7; left > 0; left >>>= 7) digits.unshift((left & 0x7f) | 0x80);
  return digits;
}

/** RFC 5280, section 4.1.2.5: two digits for the year until 2049. */
export function time(date: Date): Der {
  const text = date.toISOString().replace(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050 ? tlv(0x17)(Buffer.from(text.slice(2))) : tlv(0x18)(Buffer.from(text));
}

export function pem(label: string, der: Uint8Array): string {
  const lines = Buffer.from(der)
    .toString('base64')
    .match(/.{1,64}/g)!;
  return `-----BEGIN ${label}-----\n${lines.join('\n')}\n-----END ${label}-----\n`;
}
