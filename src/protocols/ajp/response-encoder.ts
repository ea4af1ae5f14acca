/**
 * AJP13, server role: answers to the front. A head that does not fit into a packet cannot be sent at all; a body goes in as
 * many packets as it needs.
 */
import type { Bytes, FieldList } from '../../exchange.ts';
import type { ResponseEncoder } from '../gateway-protocol.ts';
import { InvalidField } from '../response-fields.ts';
import { codesOf, Kind, RESPONSE_FIELDS } from './codes.ts';
import { codedName, FROM_CONTAINER, HEADER_BYTES, NAME_BYTES_MAX, packet, text, uint16 } from './packets.ts';

const codes = codesOf(RESPONSE_FIELDS);
/** Around a piece of the body: the header of the packet, its kind, the length of the piece, a NUL. */
const BODY_EXTRA_BYTES = HEADER_BYTES + 4;
const NUL = 0;

const bodyHead = (bytes: number): string =>
  packetHead(bytes + BODY_EXTRA_BYTES - HEADER_BYTES) +
  String.fromCharCode(Kind.sendBodyChunk) +
  uint16(bytes);
const packetHead = (payloadBytes: number): string => uint16(FROM_CONTAINER) + uint16(payloadBytes);

/** A piece without bytes: the front shall pass on what it has (mod_proxy_ajp and mod_jk collect a good deal otherwise). */
const FLUSH = `${bodyHead(0)}\0`;

export class AjpResponseEncoder implements ResponseEncoder {
  readonly isRaw = false;
  readonly #packetBytes: number;
  #isStream = false;

  /** `packetBytes`: what the front takes at once, its header included. */
  constructor(packetBytes: number) {
    this.#packetBytes = packetBytes;
  }

  /** @throws InvalidField when it does not fit into a packet. */
  head(status: number, reason: string, fields: FieldList): Bytes {
    let lines = '';
    this.#isStream = true;
    for (let i = 0; i < fields.length; i += 2) {
      const name = fields[i]!;
      if (name.length > NAME_BYTES_MAX) throw new InvalidField(`a header name of ${name.length} bytes`);
      if (name.toLowerCase() === 'content-length') this.#isStream = false;
      lines += codedName(name, codes) + text(fields[i + 1]!);
    }
    const count = uint16(fields.length / 2);
    const payload = String.fromCharCode(Kind.sendHeaders) + uint16(status) + text(reason) + count + lines;
    const bytes = HEADER_BYTES + payload.length;
    if (bytes > this.#packetBytes)
      throw new InvalidField(
        `fields that need an AJP packet of ${bytes} bytes (ajp-packet-size is ${this.#packetBytes})`,
      );
    return packet(FROM_CONTAINER, payload);
  }

  /** What has no declared length is written piece by piece for somebody who waits for each. */
  body(chunk: Bytes): readonly Bytes[] {
    if (chunk.length === 0) return [];
    const packets = typeof chunk === 'string' ? this.#textPackets(chunk) : this.#packets(chunk);
    return this.#isStream ? [packets, FLUSH] : [packets];
  }

  /** `keepsConnection`: the front may use it for another request. */
  end(keepsConnection: boolean): Bytes {
    return packet(FROM_CONTAINER, String.fromCharCode(Kind.endResponse, keepsConnection ? 1 : 0));
  }

  get #pieceBytes(): number {
    return this.#packetBytes - BODY_EXTRA_BYTES;
  }

  #textPackets(chunk: string): string {
    let packets = '';
    for (let at = 0; at < chunk.length; at += this.#pieceBytes) {
      const piece = chunk.slice(at, at + this.#pieceBytes);
      packets += `${bodyHead(piece.length)}${piece}\0`;
    }
    return packets;
  }

  /** One buffer for all of them: a copy costs less than a vector of many small pieces. */
  #packets(chunk: Uint8Array): Buffer {
    const pieces = Math.ceil(chunk.length / this.#pieceBytes);
    const packets = Buffer.allocUnsafe(chunk.length + pieces * BODY_EXTRA_BYTES);
    let to = 0;
    for (let at = 0; at < chunk.length; at += this.#pieceBytes) {
      const piece = chunk.subarray(at, at + this.#pieceBytes);
      to += packets.latin1Write(bodyHead(piece.length), to);
      packets.set(piece, to);
      to += piece.length;
      packets[to++] = NUL;
    }
    return packets;
  }
}
