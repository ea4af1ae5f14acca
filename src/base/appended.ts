/**
 * What is left of a buffer from `at` on, and `chunk` behind it, as one buffer. It gets room to grow in, so that bytes
 * that trickle in are not all copied again for every one of them.
 */
export function appended(buffer: Buffer, at: number, chunk: Buffer): Buffer {
  const length = buffer.length - at + chunk.length;
  const end = buffer.byteOffset + buffer.length;
  if (growable.has(buffer.buffer) && end + chunk.length <= buffer.buffer.byteLength) {
    const grown = Buffer.from(buffer.buffer, buffer.byteOffset + at, length);
    chunk.copy(grown, length - chunk.length);
    return grown;
  }
  const room = Buffer.from(new ArrayBuffer(Math.max(512, length * 2)), 0, length);
  growable.add(room.buffer);
  buffer.copy(room, 0, at);
  chunk.copy(room, length - chunk.length);
  return room;
}

/** Array buffers that were made here with room behind the data; any other may be shared. */
const growable = new WeakSet<ArrayBufferLike>();
