/** What `--listen` says, as text and as a value. */
import { isIPv6 } from 'node:net';
import { resolve } from 'node:path';
import { GATEWAY_PROTOCOL_NAMES, type GatewayProtocolName } from '../base/gateway-protocol-names.ts';

export type SocketAddress =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  | { readonly kind: 'fd'; readonly fd: number };

/** What is spoken there, HTTP when nothing is said. `proxied`: connections begin with a PROXY header. */
export interface Spoken {
  readonly tls?: true;
  readonly proxied?: true;
  readonly protocol?: GatewayProtocolName;
}

export type ListenAddress = SocketAddress & Spoken;

const PORT_MAX = 65535;
/** The longest path that fits into sockaddr_un.sun_path with its NUL on Linux. */
const UNIX_PATH_BYTES_MAX = 107;
/** Descriptors below belong to stdin, stdout and stderr. */
const FD_MIN = 3;

/** What may stand before an address, and what it says of connections. */
const PREFIXES: Readonly<Record<string, Spoken>> = {
  'http://': {},
  'https://': { tls: true },
  'proxy://': { proxied: true },
  'proxy+http://': { proxied: true },
  'proxy+https://': { proxied: true, tls: true },
  ...Object.fromEntries(GATEWAY_PROTOCOL_NAMES.map((protocol) => [`${protocol}://`, { protocol }])),
};

/**
 * HOST:PORT, [IPV6]:PORT, :PORT (every IPv4 address), unix:PATH or fd:N, with what is spoken there before it (https://,
 * scgi://, proxy:// for the PROXY protocol); null when it is none of them.
 */
export function parseListenAddress(text: string): ListenAddress | null {
  const prefix = prefixOf(text);
  if (prefix === '') return parseSocketAddress(text);
  if (!Object.hasOwn(PREFIXES, prefix)) return null;
  const address = parseSocketAddress(text.slice(prefix.length));
  return address && { ...address, ...PREFIXES[prefix] };
}

/** With the path of a Unix socket made absolute. */
export function resolveListenAddress(text: string, directory: string): string {
  const before = `${prefixOf(text)}unix:`;
  return text.startsWith(before) ? before + resolve(directory, text.slice(before.length)) : text;
}

function prefixOf(text: string): string {
  return /^[a-z+]+:\/\//.exec(text)?.[0] ?? '';
}

function parseSocketAddress(text: string): SocketAddress | null {
  if (text.startsWith('unix:')) {
    const path = text.slice('unix:'.length);
    if (path === '' || Buffer.byteLength(path) > UNIX_PATH_BYTES_MAX) return null;
    return { kind: 'unix', path };
  }
  const [, fd] = /^fd:(\d{1,9})$/.exec(text) ?? [];
  if (fd !== undefined) return Number(fd) < FD_MIN ? null : { kind: 'fd', fd: Number(fd) };
  const [, ipv6, name, port] = /^(?:\[([^\]]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined || Number(port) > PORT_MAX) return null;
  if (ipv6 !== undefined && !isIPv6(ipv6)) return null;
  return { kind: 'tcp', host: ipv6 ?? (name || '0.0.0.0'), port: Number(port) };
}
