/**
 * sendfile(2): bytes of a file into a socket without their passing through this process, by way of Node's foreign
 * functions. Only what is in the system's page cache is sent so, because a wait for the disk would hold up
 * every other connection. Where any of this cannot be had, nothing is sent and the caller does it the usual way.
 */
import { bindForeign, type ForeignFunctions } from './foreign-functions.ts';

interface Calls {
  sendfile(socketFd: number, fileFd: number, start: number, end: number): number;
  isInMemory(fileFd: number, start: number, end: number): boolean;
  readNow(fileFd: number, target: Uint8Array, position: number): number;
}

/** preadv2(2): only what need not be waited for. */
const RWF_NOWAIT = 8;
const EOPNOTSUPP = 95;
const NOTHING: Calls = { sendfile: () => 0, isInMemory: () => false, readNow: () => 0 };

let loaded: Calls | null = null;

/** Of the bytes from `start` to `end` as many as the socket takes: returns how many, also 0. Waits for those that are not in memory. */
export function sendfile(socketFd: number, fileFd: number, start: number, end: number): number {
  loaded ??= bindForeign(bind) ?? NOTHING;
  return loaded.sendfile(socketFd, fileFd, start, end);
}

/** Are the bytes from `start` to `end` in the page cache, as far as first and last of them tell? */
export function isInMemory(fileFd: number, start: number, end: number): boolean {
  loaded ??= bindForeign(bind) ?? NOTHING;
  return loaded.isInMemory(fileFd, start, end);
}

/** Reads what is in memory: returns how many bytes, also 0. Never waits. */
export function readNow(fileFd: number, target: Uint8Array, position: number): number {
  loaded ??= bindForeign(bind) ?? NOTHING;
  return loaded.readNow(fileFd, target, position);
}

function bind(ffi: ForeignFunctions): Calls {
  const { functions } = ffi.dlopen(null, {
    sendfile: { arguments: ['int32', 'int32', 'pointer', 'uint64'], return: 'int64' },
    preadv2: { arguments: ['int32', 'pointer', 'int32', 'int64', 'int32'], return: 'int64' },
    __errno_location: { arguments: [], return: 'pointer' },
  });
  const { sendfile, preadv2, __errno_location } = functions;
  const errno = __errno_location!();
  const offset = new BigInt64Array(1);
  const offsetPointer = ffi.getRawPointer(new Uint8Array(offset.buffer));
  /** struct iovec: where to, and how many bytes. */
  const vector = new BigInt64Array(2);
  const vectorPointer = ffi.getRawPointer(new Uint8Array(vector.buffer));

  const readNow = (fileFd: number, target: Uint8Array, position: number): number => {
    vector[0] = ffi.getRawPointer(target);
    vector[1] = BigInt(target.length);
    const bytes = Number(preadv2!(fileFd, vectorPointer, 1, BigInt(position), RWF_NOWAIT));
    if (bytes >= 0 || ffi.getInt32(errno) !== EOPNOTSUPP) return bytes;
    // A file system that does not say (tmpfs, overlayfs) is trusted, as every other server trusts all of them.
    return Number(preadv2!(fileFd, vectorPointer, 1, BigInt(position), 0));
  };
  const byte = new Uint8Array(1);

  return {
    readNow: (fileFd, target, position) => Math.max(0, readNow(fileFd, target, position)),
    isInMemory: (fileFd, start, end) =>
      readNow(fileFd, byte, start) === 1 && readNow(fileFd, byte, end - 1) === 1,
    sendfile: (socketFd, fileFd, start, end) => {
      offset[0] = BigInt(start);
      // Whatever is wrong, the usual way will find it, too.
      return Math.max(0, Number(sendfile!(socketFd, fileFd, offsetPointer, BigInt(end - start))));
    },
  };
}
