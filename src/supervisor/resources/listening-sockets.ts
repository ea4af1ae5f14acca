/**
 * The listening sockets. The supervisor binds each once (or inherits it) and keeps it until the server stops, so that
 * a reload or the death of a gateway closes none: meanwhile connections wait in the kernel's backlog. Gateways inherit
 * the descriptors and call listen(2).
 */
import { lookup } from 'node:dns/promises';
import { closeSync, existsSync, lstatSync, unlinkSync } from 'node:fs';
import { BoundSocket, type BoundSocketOptions, connect, isIP } from 'node:net';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { ListenAddress } from '../../config/listen-address.ts';
import { errorCode, reasonOf, StartupError } from '../startup-error.ts';
import { inspectInheritedSocket } from './inherited-socket.ts';
import { hostAndPort, SOCKET_PATH_BYTES_MAX, tcpUrl } from './socket-address.ts';

export interface ListeningSocket {
  readonly fd: number;
  /** `http://127.0.0.1:8000`, `unix:/run/app.sock`. */
  readonly url: string;
  /** Path of a Unix socket; null for TCP. */
  readonly path: string | null;
  /** Also removes the socket file when we made it. */
  close(): void;
}

/** The gateway of a supervisor that was killed may hold the address for a moment more. */
const IN_USE_RETRY_MS = 1000;
const IN_USE_RETRY_INTERVAL_MS = 100;

/** All or none. Throws StartupError. */
export async function openListeningSockets(
  addresses: readonly ListenAddress[],
  inUseRetryMs = IN_USE_RETRY_MS,
): Promise<ListeningSocket[]> {
  const sockets: ListeningSocket[] = [];
  try {
    for (const address of addresses) sockets.push(...(await open(address, inUseRetryMs)));
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error;
  }
  return sockets;
}

async function open(address: ListenAddress, inUseRetryMs: number): Promise<ListeningSocket[]> {
  if (address.kind === 'fd') return [adopt(address.fd)];
  if (address.kind === 'unix') return [await bindUnix(address.path)];
  return bindTcp(address.host, address.port, inUseRetryMs);
}

function adopt(fd: number): ListeningSocket {
  return { fd, ...inspectInheritedSocket(fd), close: () => closeSync(fd) };
}

/** A name stands for all its addresses, as in nginx: `localhost` may be 127.0.0.1 and ::1. */
async function bindTcp(host: string, port: number, inUseRetryMs: number): Promise<ListeningSocket[]> {
  const sockets: ListeningSocket[] = [];
  let absent: unknown = null;
  try {
    for (const address of await resolve(host)) {
      try {
        sockets.push(await bindAddress(address, port, inUseRetryMs));
      } catch (error) {
        if (!isAbsentAddress(error)) throw error;
        absent = error;
      }
    }
    // The hosts file often names ::1 on machines without IPv6: one of the addresses is enough.
    if (sockets.length === 0) throw absent;
    return sockets;
  } catch (error) {
    for (const socket of sockets) socket.close();
    throw error instanceof StartupError ? error : new StartupError(tcpRefusal(host, port, error));
  }
}

async function resolve(host: string): Promise<string[]> {
  if (isIP(host) !== 0) return [host];
  try {
    const found = await lookup(host, { all: true });
    return [...new Set(found.map(({ address }) => address))];
  } catch (error) {
    throw new StartupError(`cannot listen on ${host}: the name has no address (${errorCode(error)})`);
  }
}

async function bindAddress(host: string, port: number, inUseRetryMs: number): Promise<ListeningSocket> {
  for (let waitedMs = 0; ; waitedMs += IN_USE_RETRY_INTERVAL_MS) {
    try {
      const socket = new BoundSocket({ host, port });
      const url = tcpUrl(host, socket.address().port);
      return { fd: socket.fd(), url, path: null, close: () => socket.close() };
    } catch (error) {
      if (errorCode(error) !== 'EADDRINUSE' || waitedMs >= inUseRetryMs) throw error;
      await delay(IN_USE_RETRY_INTERVAL_MS);
    }
  }
}

function isAbsentAddress(error: unknown): boolean {
  return errorCode(error) === 'EADDRNOTAVAIL' || errorCode(error) === 'EAFNOSUPPORT';
}

function tcpRefusal(host: string, port: number, error: unknown): string {
  const where = `cannot listen on ${hostAndPort(host, port)}:`;
  if (errorCode(error) === 'EADDRINUSE')
    return `${where} the address is in use, another process listens there (EADDRINUSE)`;
  if (isAbsentAddress(error)) return `${where} this machine does not have that address (${errorCode(error)})`;
  if (errorCode(error) === 'EACCES' && port < 1024) {
    return `${where} permission denied (EACCES): ports below 1024 need root or the capability CAP_NET_BIND_SERVICE`;
  }
  return `${where} ${reasonOf(error)}`;
}

async function bindUnix(path: string): Promise<ListeningSocket> {
  const where = `cannot listen on unix:${path}:`;
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw new StartupError(
      `${where} the path has ${Buffer.byteLength(path)} bytes, and that of a Unix socket can have ${SOCKET_PATH_BYTES_MAX}`,
    );
  }
  if (!existsSync(dirname(path))) throw new StartupError(`${where} there is no directory ${dirname(path)}`);
  await removeStaleSocket(path, where);
  try {
    const socket = bindPath(path);
    // Closing it removes the file too (libuv remembers the path it bound).
    return { fd: socket.fd(), url: `unix:${path}`, path, close: () => socket.close() };
  } catch (error) {
    throw new StartupError(`${where} ${reasonOf(error)}`);
  }
}

/** Node's type declarations do not know the option yet. */
export function bindPath(path: string): BoundSocket {
  return new BoundSocket({ path } as BoundSocketOptions);
}

/** A socket file that nobody answers at was left by a process that was killed. Anything else is not ours to remove. */
async function removeStaleSocket(path: string, where: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) throw new StartupError(`${where} there is a file that is not a socket`);
  const code = await connectError(path);
  if (code === '') throw new StartupError(`${where} the address is in use, another process listens there`);
  if (code !== 'ECONNREFUSED')
    throw new StartupError(`${where} there is a socket that cannot be tried (${code})`);
  try {
    unlinkSync(path);
  } catch (error) {
    throw new StartupError(
      `${where} the socket file that is there is stale and cannot be removed: ${reasonOf(error)}`,
    );
  }
}

/** '' when somebody answers. */
function connectError(path: string): Promise<string> {
  return new Promise((done) => {
    const socket = connect(path);
    socket.once('connect', () => {
      socket.destroy();
      done('');
    });
    socket.once('error', (error) => done(errorCode(error)));
  });
}
