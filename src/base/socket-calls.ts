/**
 * accept4(2), recv(2), send(2) and close(2) on descriptors of stream sockets: what short connections need, without what an
 * event loop does around each of them. None of these ever waits. Where they cannot be had, Node's sockets do the same.
 */
import type { Socket } from 'node:net';
import { bindForeign, type ForeignFunctions } from './foreign-functions.ts';

export interface SocketCalls {
  /** A connection that waits at a listening socket; NONE when none does. */
  accept(listenFd: number): number;
  /** What is there, in a buffer of its own. Null: nothing yet, the end, or an error; reading on will tell. */
  receive(fd: number): Buffer | null;
  /**
   * Text is latin-1. `moreFollows`: at once, and in the same packet. Returns how many bytes went; whatever is wrong with
   * the others, writing them will tell.
   */
  send(fd: number, bytes: string | Uint8Array, moreFollows?: boolean): number;
  close(fd: number): void;
}

export const NONE = -1;

const BUFFER_BYTES = 65_536;
const SOCK_NONBLOCK = 0x800;
const SOCK_CLOEXEC = 0x80000;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_MORE = 0x8000;
const NULL = 0n;

/** The most that are taken in a turn: what else goes on waits for its turn. */
const ACCEPTED_MAX = 64;

let loaded: SocketCalls | null | undefined;

/** Null where there are none. */
export function socketCalls(): SocketCalls | null {
  if (loaded === undefined) loaded = bindForeign(bind);
  return loaded;
}

/**
 * Hands over the connections that wait at a listening socket. Node's server takes one in a turn of the event loop, so that
 * nothing of what they ask for could be done together.
 */
export function acceptWaiting(listenFd: number, calls: SocketCalls, take: (fd: number) => void): void {
  for (let count = 0; count < ACCEPTED_MAX; count++) {
    const fd = calls.accept(listenFd);
    if (fd === NONE) return;
    take(fd);
  }
}

/** NONE for a socket that is closed. */
export function descriptorOf(socket: Socket): number {
  // Node has no other way to it.
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } };
  return handle?.fd ?? NONE;
}

function bind(ffi: ForeignFunctions): SocketCalls {
  const transfer = { arguments: ['int32', 'pointer', 'uint64', 'int32'], return: 'int64' };
  const { functions } = ffi.dlopen(null, {
    accept4: { arguments: ['int32', 'pointer', 'pointer', 'int32'], return: 'int32' },
    recv: transfer,
    send: transfer,
    close: { arguments: ['int32'], return: 'int32' },
  });
  const { accept4, recv, send, close } = functions;
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  const pointer = ffi.getRawPointer(buffer);
  const capacity = BigInt(BUFFER_BYTES);
  const sent = (fd: number, from: bigint, length: number, flags: number): number =>
    Math.max(0, Number(send!(fd, from, BigInt(length), MSG_DONTWAIT | MSG_NOSIGNAL | flags)));

  return {
    accept: (listenFd) => Math.max(NONE, accept4!(listenFd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)),
    receive: (fd) => {
      const length = Number(recv!(fd, pointer, capacity, MSG_DONTWAIT));
      return length > 0 ? Buffer.from(buffer.subarray(0, length)) : null;
    },
    send: (fd, bytes, moreFollows = false) => {
      const flags = moreFollows ? MSG_MORE : 0;
      return typeof bytes === 'string'
        ? sent(fd, pointer, buffer.latin1Write(bytes), flags)
        : sent(fd, ffi.getRawPointer(bytes), bytes.length, flags);
    },
    close: (fd) => void close!(fd),
  };
}
