/**
 * The header of the PROXY protocol, versions 1 and 2 (https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt): what a
 * proxy that passes connections on tells of the client, before the first byte of the client. Bytes in, value out.
 */
import { ipVersionOf } from '../../base/endpoint.ts';
import { isBroken } from './crc32c.ts';

/** The ends of the connection that the client has made to the proxy. */
export interface ProxyHeader {
  /** Null: the proxy itself is the client, for a health check, or does not know. '' and 0: a Unix socket. */
  readonly ends: ConnectionEnds | null;
  /** The client spoke TLS to the proxy (version 2 only). */
  readonly isSecure: boolean;
  /** Bytes that it takes. */
  readonly length: number;
}

export interface ConnectionEnds {
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** With its line break, which must be there by then. */
const V1_MAX = 107;
const V1_START = Buffer.from('PROXY ', 'latin1');
const V2_SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V2_FIXED = 16;
/** Of the part behind the first 16 bytes. Proxies send some hundred at most, of which the longest is a certificate's name. */
const V2_REST_MAX = 16_384;
const PORT = /^(0|[1-9]\d{0,4})$/;

/** `bytes`: from the first one of the connection on. */
export function parseProxyHeader(bytes: Buffer): ProxyHeader | 'incomplete' | 'malformed' {
  if (startsLike(bytes, V2_SIGNATURE)) return parseV2(bytes);
  if (startsLike(bytes, V1_START)) return parseV1(bytes);
  return 'malformed';
}

/** As far as there are bytes. */
function startsLike(bytes: Buffer, start: Buffer): boolean {
  const length = Math.min(bytes.length, start.length);
  return bytes.subarray(0, length).equals(start.subarray(0, length));
}

function parseV1(bytes: Buffer): ProxyHeader | 'incomplete' | 'malformed' {
  const text = bytes.subarray(0, V1_MAX).latin1Slice();
  const end = text.indexOf('\r\n');
  if (end < 0) return text.length < V1_MAX ? 'incomplete' : 'malformed';
  const length = end + 2;
  const words = text.slice(V1_START.length, end).split(' ');
  if (words[0] === 'UNKNOWN') return { ends: null, isSecure: false, length };
  const [family, remoteAddress = '', localAddress = '', remotePort = '', localPort = '', ...rest] = words;
  const version = family === 'TCP4' ? 4 : family === 'TCP6' ? 6 : null;
  const areAddresses = ipVersionOf(remoteAddress) === version && ipVersionOf(localAddress) === version;
  const isFit = areAddresses && isPort(remotePort) && isPort(localPort);
  if (!isFit || rest.length > 0) return 'malformed';
  return {
    ends: { remoteAddress, localAddress, remotePort: Number(remotePort), localPort: Number(localPort) },
    isSecure: false,
    length,
  };
}

function isPort(text: string): boolean {
  return PORT.test(text) && Number(text) <= 65_535;
}

const VERSION_AND_LOCAL = 0x20;
const VERSION_AND_PROXY = 0x21;
/** Bytes of the addresses by family and transport; of datagrams there are none here. */
const ADDRESS_BYTES: Readonly<Record<number, number>> = { 0: 0, 17: 12, 33: 36, 49: 216 };
const TCP_OVER_IPV4 = 17;
const TCP_OVER_IPV6 = 33;
const UNIX_STREAM = 49;

function parseV2(bytes: Buffer): ProxyHeader | 'incomplete' | 'malformed' {
  if (bytes.length < V2_FIXED) return 'incomplete';
  const [command, family, rest] = [bytes[12]!, bytes[13]!, bytes.readUInt16BE(14)];
  const isCommand = command === VERSION_AND_LOCAL || command === VERSION_AND_PROXY;
  if (!isCommand || rest > V2_REST_MAX) return 'malformed';
  const length = V2_FIXED + rest;
  if (bytes.length < length) return 'incomplete';
  // Of what a proxy says for itself nothing counts.
  if (command === VERSION_AND_LOCAL) return { ends: null, isSecure: false, length };
  const addressBytes = ADDRESS_BYTES[family];
  if (addressBytes === undefined || addressBytes > rest) return 'malformed';
  const extensions = parseExtensions(bytes.subarray(0, length), V2_FIXED + addressBytes);
  if (extensions === null) return 'malformed';
  return { ends: endsOf(family, bytes), isSecure: extensions.isSecure, length };
}

function endsOf(family: number, bytes: Buffer): ConnectionEnds | null {
  switch (family) {
    case TCP_OVER_IPV4:
      return {
        remoteAddress: ipv4(bytes, 16),
        localAddress: ipv4(bytes, 20),
        remotePort: bytes.readUInt16BE(24),
        localPort: bytes.readUInt16BE(26),
      };
    case TCP_OVER_IPV6:
      return {
        remoteAddress: ipv6(bytes, 16),
        localAddress: ipv6(bytes, 32),
        remotePort: bytes.readUInt16BE(48),
        localPort: bytes.readUInt16BE(50),
      };
    case UNIX_STREAM:
      return { remoteAddress: '', localAddress: '', remotePort: 0, localPort: 0 };
    default:
      return null;
  }
}

function ipv4(bytes: Buffer, at: number): string {
  return bytes.subarray(at, at + 4).join('.');
}

function ipv6(bytes: Buffer, at: number): string {
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(at + 2 * group).toString(16)).join(':');
}

const CRC32C = 0x03;
const SSL = 0x20;
const CLIENT_SPOKE_TLS = 1;

/** Type, length and value of each. `from`: where the first one begins. Null: they do not fit, or the sum is wrong. */
function parseExtensions(header: Buffer, from: number): { readonly isSecure: boolean } | null {
  let isSecure = false;
  let at = from;
  while (at < header.length) {
    if (at + 3 > header.length) return null;
    const [type, length] = [header[at]!, header.readUInt16BE(at + 1)];
    const value = at + 3;
    if (value + length > header.length) return null;
    if (type === CRC32C && (length !== 4 || isBroken(header, value))) return null;
    if (type === SSL && length > 0) isSecure = (header[value]! & CLIENT_SPOKE_TLS) !== 0;
    at = value + length;
  }
  return { isSecure };
}
