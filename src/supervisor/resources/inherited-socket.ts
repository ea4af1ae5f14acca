/**
 * A listening socket that this process was started with, as systemd's socket activation does. Node has no way to ask
 * a descriptor whether it listens and at which address; Linux tells in /proc/self/net.
 */
import { fstatSync, readFileSync, readlinkSync } from 'node:fs';
import { StartupError } from '../startup-error.ts';
import { tcpUrl } from './socket-address.ts';

export interface InheritedAddress {
  readonly url: string;
  readonly path: string | null;
}

/** Where it listens. Throws StartupError when it does not. */
export function inspectInheritedSocket(fd: number): InheritedAddress {
  refuseOther(fd);
  const found = process.platform === 'linux' ? findListening(fd) : { url: `fd:${fd}`, path: null };
  if (found === null)
    throw new StartupError(`cannot listen on fd:${fd}: the socket is not a listening stream socket`);
  return found;
}

function refuseOther(fd: number): void {
  let isSocket: boolean;
  try {
    isSocket = fstatSync(fd).isSocket();
  } catch {
    throw new StartupError(
      `cannot listen on fd:${fd}: the server was started without such a file descriptor`,
    );
  }
  if (!isSocket) throw new StartupError(`cannot listen on fd:${fd}: it is not a socket`);
}

/** The tables are described in proc_net(5) and in the kernel's Documentation/networking/proc_net_tcp.rst. */
const TCP_LISTEN = '0A';
const UNIX_ACCEPTS_CONNECTIONS = 0x10000;
const UNIX_STREAM = '0001';

function findListening(fd: number): InheritedAddress | null {
  const inode = /^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${fd}`))?.[1];
  for (const table of ['tcp', 'tcp6']) {
    for (const [, local, , state, , , , , , row] of rows(table)) {
      if (row === inode && state === TCP_LISTEN) return { url: parseTcpAddress(local!), path: null };
    }
  }
  for (const [, , , flags, type, , row, ...path] of rows('unix')) {
    if (
      row !== inode ||
      type !== UNIX_STREAM ||
      (Number.parseInt(flags!, 16) & UNIX_ACCEPTS_CONNECTIONS) === 0
    )
      continue;
    return { url: `unix:${path.join(' ')}`, path: path.join(' ') };
  }
  return null;
}

function rows(table: string): string[][] {
  try {
    const lines = readFileSync(`/proc/self/net/${table}`, 'utf8').split('\n').slice(1);
    return lines.map((line) =>
      line
        .trim()
        .split(' ')
        .filter((word) => word !== ''),
    );
  } catch {
    return []; // No IPv6, no such table.
  }
}

/** `0100007F:1F90` is 127.0.0.1:8000: 32-bit words in the byte order of the machine, the port in network order. */
export function parseTcpAddress(text: string): string {
  const [words, port] = text.split(':');
  const bytes = Buffer.from(words!, 'hex');
  bytes.swap32();
  if (bytes.length === 4) return tcpUrl(bytes.join('.'), Number.parseInt(port!, 16));
  const groups = Array.from({ length: 8 }, (_, i) => bytes.readUInt16BE(2 * i).toString(16));
  // URL writes an IPv6 address in its canonical short form (RFC 5952).
  const host = new URL(`http://[${groups.join(':')}]`).hostname.slice(1, -1);
  return tcpUrl(host, Number.parseInt(port!, 16));
}
