/** How long a batch of requests took, as a worker sends it: number of requests, µs of CPU time, µs of wall clock, u32 each. */

export interface Timings {
  readonly count: number;
  readonly cpuUs: number;
  readonly wallUs: number;
}

const BYTES = 12;

/** From buffer[start, end); null when it is malformed. */
export function decodeTimings(buffer: Buffer, start: number, end: number): Timings | null {
  if (end - start !== BYTES) return null;
  const count = buffer.readUInt32LE(start);
  if (count === 0) return null;
  return { count, cpuUs: buffer.readUInt32LE(start + 4), wallUs: buffer.readUInt32LE(start + 8) };
}
