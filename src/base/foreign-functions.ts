/**
 * Functions of the C library, by way of Node's foreign functions (node:ffi). It is experimental and not everywhere, so
 * whoever calls it has a usual way for where it cannot be had.
 */

/** The part of node:ffi that is used here; it has no types yet. */
export interface ForeignFunctions {
  dlopen(library: null, functions: object): { functions: Record<string, ForeignFunction> };
  getRawPointer(buffer: Uint8Array): bigint;
  getInt32(pointer: bigint): number;
}

/** 32-bit numbers are numbers; 64-bit numbers and pointers are bigints. */
type ForeignFunction = (...values: (number | bigint)[]) => never;

/** What `bind` makes of the functions; null where they cannot be had. */
export function bindForeign<Bound>(bind: (ffi: ForeignFunctions) => Bound): Bound | null {
  // Sizes and the layout of structures are those of 64-bit Linux.
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return null;
  try {
    const ffi = process.getBuiltinModule('node:ffi' as never) as ForeignFunctions | undefined;
    return ffi === undefined ? null : bind(ffi);
  } catch {
    return null; // An older libc, or a Node.js in which this looks different.
  }
}
