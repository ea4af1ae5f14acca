/** Addresses as proxies write them: `192.0.2.7`, `192.0.2.7:4711`, `2001:db8::1`, `[2001:db8::1]:4711`. */
import { isIP, isIPv4, isIPv6, SocketAddress } from 'node:net';

export interface Endpoint {
  /** As the system would write it: IPv6 compressed, IPv4 never in the form of IPv6. */
  readonly address: string;
  /** 0: not told. */
  readonly port: number;
}

const PORT_MAX = 65_535;

/** 4 or 6; 0 when it is no address. */
export function ipVersionOf(text: string): number {
  return isIP(text);
}

/** Null when it is no address. */
export function parseEndpoint(text: string): Endpoint | null {
  if (isIPv4(text)) return { address: text, port: 0 };
  if (isIPv6(text)) return text.includes('%') ? null : { address: plainIPv6(text), port: 0 };
  const [, bracketed, dotted, port] = /^(?:\[([\da-fA-F:.]+)\]|([\d.]+))(?::(\d{1,5}))?$/.exec(text) ?? [];
  const number = Number(port ?? 0);
  if (number > PORT_MAX) return null;
  if (bracketed !== undefined)
    return isIPv6(bracketed) ? { address: plainIPv6(bracketed), port: number } : null;
  return dotted !== undefined && isIPv4(dotted) ? { address: dotted, port: number } : null;
}

function plainIPv6(text: string): string {
  const { address } = new SocketAddress({ address: text, family: 'ipv6' });
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice('::ffff:'.length) : address;
}
