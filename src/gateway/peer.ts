/** The two ends of a connection. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { TlsSession } from '../exchange.ts';
import { SocketTlsSession } from './tls-session.ts';

export interface Peer {
  readonly scheme: 'http' | 'https';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
  readonly tls: TlsSession | null;
}

/** `path`: of the Unix socket that was listened on, else null. */
export function peerOf(socket: Socket, path: string | null): Peer {
  const tls = socket instanceof TLSSocket ? new SocketTlsSession(socket) : null;
  const scheme = tls === null ? 'http' : 'https';
  if (path !== null) {
    const localAddress = Buffer.from(path, 'utf8').latin1Slice();
    return { scheme, remoteAddress: '', remotePort: 0, localAddress, localPort: 0, tls };
  }
  return {
    scheme,
    remoteAddress: plain(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    localAddress: plain(socket.localAddress),
    localPort: socket.localPort ?? 0,
    tls,
  };
}

/** A dual-stack socket shows IPv4 peers as IPv6 addresses; applications and rules mean the IPv4 one. */
function plain(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
