/** The two ends of a connection. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { parseEndpoint } from '../base/endpoint.ts';
import type { TlsSession } from '../exchange.ts';
import type { ConnectionEnds } from '../protocols/proxy-protocol/header.ts';
import type { ProxiedClients } from './proxy-headers.ts';
import { SocketTlsSession } from './tls-session.ts';

export interface Peer {
  readonly scheme: 'http' | 'https';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly tls: TlsSession | null;
}

/** What a listener knows of its connections. */
export interface PeerContext {
  /** Of the Unix socket that was listened on, else null. */
  readonly path: string | null;
  /** Null: no proxy speaks for its clients. */
  readonly proxy: { readonly clients: ProxiedClients } | null;
}

export function peerOf(socket: Socket, { path, proxy }: PeerContext): Peer {
  const peer = peerOfSocket(socket, path);
  const client = proxy?.clients.find(socket) ?? null;
  if (client === null || client.ends === null) return peer;
  return { ...peer, ...plainEnds(client.ends), scheme: client.isSecure ? 'https' : peer.scheme };
}

function plainEnds({ remoteAddress, localAddress, ...ports }: ConnectionEnds): ConnectionEnds {
  return { ...ports, remoteAddress: canonical(remoteAddress), localAddress: canonical(localAddress) };
}

/** In the spelling of the system. */
function canonical(address: string): string {
  return parseEndpoint(address)?.address ?? '';
}

function peerOfSocket(socket: Socket, path: string | null): Peer {
  const tls = socket instanceof TLSSocket ? new SocketTlsSession(socket) : null;
  const scheme = tls === null ? 'http' : 'https';
  if (path !== null) return { ...peerAt(path), scheme, tls };
  return {
    scheme,
    remoteAddress: plain(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    localAddress: plain(socket.localAddress),
    localPort: socket.localPort ?? 0,
    tls,
  };
}

/** Whoever comes by the Unix socket at `path`. */
export function peerAt(path: string): Peer {
  const localAddress = Buffer.from(path, 'utf8').latin1Slice();
  return { scheme: 'http', remoteAddress: '', remotePort: 0, localAddress, localPort: 0, tls: null };
}

/**
 * A TCP client that has reset its connection has no address any more, though what it has sent can be read: it must not pass
 * for a client on a Unix socket. An address that was asked for once stays known.
 */
export function isGone(socket: Socket): boolean {
  return socket.remoteAddress === undefined && socket.localAddress !== undefined;
}

/** A dual-stack socket shows IPv4 peers as IPv6 addresses; applications and rules mean the IPv4 one. */
export function plain(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
