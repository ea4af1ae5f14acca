/** The two ends of a connection. */
import type { Socket } from 'node:net';

export interface Peer {
  readonly scheme: 'http' | 'https';
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localAddress: string;
  readonly localPort: number;
}

/** `path`: of the Unix socket that was listened on, else null. */
export function peerOf(socket: Socket, path: string | null, isTls: boolean): Peer {
  const scheme = isTls ? 'https' : 'http';
  if (path !== null) {
    const localAddress = Buffer.from(path, 'utf8').latin1Slice();
    return { scheme, remoteAddress: '', remotePort: 0, localAddress, localPort: 0 };
  }
  return {
    scheme,
    remoteAddress: plain(socket.remoteAddress),
    remotePort: socket.remotePort ?? 0,
    localAddress: plain(socket.localAddress),
    localPort: socket.localPort ?? 0,
  };
}

/** A dual-stack socket shows IPv4 peers as IPv6 addresses; applications and rules mean the IPv4 one. */
function plain(address: string | undefined): string {
  if (address === undefined) return '';
  return address.startsWith('::ffff:') ? address.slice(7) : address;
}
