/** How addresses of listening sockets are written, and what bounds them. */
import { isIP } from 'node:net';

/** sun_path of sockaddr_un has 108 bytes, the last one is NUL. */
export const SOCKET_PATH_BYTES_MAX = 107;

export function tcpUrl(host: string, port: number): string {
  return `http://${hostAndPort(host, port)}`;
}

export function hostAndPort(host: string, port: number): string {
  return `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}
