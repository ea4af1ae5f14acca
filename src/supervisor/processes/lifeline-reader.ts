/**
 * What a worker says on its lifeline of its own accord: lines of JSON (python/vivarium/dev/sources.py), between which
 * there may be stacks of threads (thread-stacks.ts). A worker runs code that is not ours: whatever is not understood, or
 * too long, is passed over.
 */
import type { Readable } from 'node:stream';

const LINE_MAX = 4 * 1024 * 1024;

export interface LoadedFiles {
  /** Absolute paths. */
  readonly files: readonly string[];
  /** When the process began to load them, in ms since 1970. */
  readonly sinceMs: number;
}

export function readLifeline(stream: Readable, onFiles: (loaded: LoadedFiles) => void): void {
  let rest = '';
  stream.on('data', (chunk: Buffer) => {
    // Python writes JSON as ASCII.
    const lines = (rest + chunk.latin1Slice()).split('\n');
    rest = lines.pop()!;
    if (rest.length > LINE_MAX) rest = '';
    for (const line of lines) {
      const loaded = parse(line);
      if (loaded !== null) onFiles(loaded);
    }
  });
}

function parse(line: string): LoadedFiles | null {
  try {
    const { files, since } = JSON.parse(line) as Record<string, unknown>;
    if (!Array.isArray(files) || typeof since !== 'number') return null;
    return { files: files.filter(isAbsolutePath), sinceMs: since * 1000 };
  } catch {
    return null;
  }
}

function isAbsolutePath(value: unknown): value is string {
  return typeof value === 'string' && value.startsWith('/') && !value.includes('\0');
}
