/**
 * The content codings, from node:zlib: bytes compressed at once on the event loop, which for small ones takes less time
 * than handing them to another thread, or a stream that works in Node's thread pool.
 */
import type { Transform } from 'node:stream';
import {
  type BrotliOptions,
  brotliCompressSync,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzipSync,
  type ZlibOptions,
  type ZstdOptions,
  zstdCompressSync,
} from 'node:zlib';
import type { CodingName } from '../../config/sections/compress.ts';

/** A stream of node:zlib. */
export interface Encoder extends Transform {
  flush(kind: number): void;
}

export interface Coding {
  now(bytes: Uint8Array, level: number): Buffer;
  /** Of higher levels even little takes too long for the event loop. */
  readonly nowLevelMax: number;
  /** `size`: bytes that will come; null when nobody knows. */
  stream(level: number, size: number | null): Encoder;
  /** Has the encoder hand out everything that it has taken. */
  readonly flushKind: number;
}

export const CODINGS: Readonly<Record<CodingName, Coding>> = {
  gzip: {
    now: (bytes, level) => gzipSync(bytes, gzipOptions(level, bytes.length)),
    nowLevelMax: 9,
    stream: (level, size) => createGzip(gzipOptions(level, size)),
    flushKind: constants.Z_SYNC_FLUSH,
  },
  br: {
    now: (bytes, level) => brotliCompressSync(bytes, brotliOptions(level, bytes.length)),
    nowLevelMax: 5,
    stream: (level, size) => createBrotliCompress(brotliOptions(level, size)),
    flushKind: constants.BROTLI_OPERATION_FLUSH,
  },
  zstd: {
    now: (bytes, level) => zstdCompressSync(bytes, zstdOptions(level, bytes.length)),
    nowLevelMax: 9,
    stream: (level, size) => createZstdCompress(zstdOptions(level, size)),
    flushKind: constants.ZSTD_e_flush,
  },
};

/** A window no larger than what comes: zlib takes 256 KB otherwise, and clears them. As nginx does. */
function gzipOptions(level: number, size: number | null): ZlibOptions {
  let windowBits = 15;
  let memLevel = 8;
  while (size !== null && windowBits > 9 && size < 2 ** (windowBits - 1) - 262) {
    windowBits -= 1;
    memLevel -= 1;
  }
  return { level, windowBits, memLevel };
}

function brotliOptions(level: number, size: number | null): BrotliOptions {
  return {
    params: { [constants.BROTLI_PARAM_QUALITY]: level, [constants.BROTLI_PARAM_SIZE_HINT]: size ?? 0 },
  };
}

/** Told of the size zstd takes smaller tables; it is held to it, so only a size that is certain may be told. */
function zstdOptions(level: number, size: number | null): ZstdOptions {
  const params = { [constants.ZSTD_c_compressionLevel]: level };
  return size === null ? { params } : { params, pledgedSrcSize: size };
}
