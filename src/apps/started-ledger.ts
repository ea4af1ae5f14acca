/**
 * Which request each thread of a worker started last. The worker keeps it in a file that it has mapped into memory,
 * so it is right even after `kill -9`: what came after it was seen by no application and may be given to another.
 */
import fs from 'node:fs';

/** The ids by thread; null when the file cannot be read, and nobody knows what was started. */
export function readLedger(path: string, threads: number): readonly number[] | null {
  try {
    const bytes = fs.readFileSync(path);
    return Array.from({ length: threads }, (_, thread) => bytes.readUInt32LE(4 * thread));
  } catch {
    return null;
  }
}
