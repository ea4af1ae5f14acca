/**
 * Which request each thread of a worker started last. The worker keeps it in a file that it has mapped into memory,
 * so it is right even after `kill -9`: what came after it was seen by no application and may be given to another.
 */
import fs from 'node:fs';

/** The ids by thread; none were started when the file cannot be read (the worker never came that far). */
export function readLedger(path: string, threads: number): readonly number[] {
  const started = new Array<number>(threads).fill(0);
  try {
    const bytes = fs.readFileSync(path);
    for (let i = 0; i < threads && 4 * i + 4 <= bytes.length; i++) started[i] = bytes.readUInt32LE(4 * i);
  } catch {
    // No file: see above.
  }
  return started;
}
