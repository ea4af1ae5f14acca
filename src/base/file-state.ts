/** What tells that a file has changed. One that took the place of another has an inode of its own. */
import { type BigIntStats, statSync } from 'node:fs';
import { stat } from 'node:fs/promises';

export function stateIn({ dev, ino, size, mtimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs}`;
}

/** Null when it cannot be seen. */
export function fileState(path: string): Promise<string | null> {
  return stat(path, { bigint: true }).then(stateIn, () => null);
}

/** Null when it is not there. Throws when it may not be seen. */
export function fileStateSync(path: string): string | null {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? null : stateIn(stats);
}
