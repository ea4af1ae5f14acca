/** A file that a worker lends to the gateway, which sends it: descriptor u32, offset u64, bytes u64. */

export interface LentFile {
  /** Of the worker. */
  readonly fd: number;
  /** Where the body begins, and how long it is. */
  readonly offset: number;
  readonly sizeBytes: number;
}

const BYTES = 20;

/** From the end of a `file` frame, behind its head; null when it is malformed. */
export function decodeLentFile(buffer: Buffer, start: number, end: number): LentFile | null {
  const at = end - BYTES;
  if (at < start) return null;
  const offset = Number(buffer.readBigUInt64LE(at + 4));
  const sizeBytes = Number(buffer.readBigUInt64LE(at + 12));
  if (!Number.isSafeInteger(offset + sizeBytes)) return null;
  return { fd: buffer.readUInt32LE(at), offset, sizeBytes };
}
