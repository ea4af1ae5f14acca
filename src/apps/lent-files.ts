/**
 * Files that a worker lends: the gateway opens what the worker has open, by way of /proc. The twin of
 * python/vivarium/lending.py.
 *
 * Only of a worker that runs as the same user: it can have nothing open that we may not read ourselves, and so a worker
 * cannot have us read for it what it may not read.
 */
import { readdir, stat } from 'node:fs/promises';
import { type OpenFile, openFile } from '../files/open-file.ts';

/** What is said to a worker of it. */
interface Lender {
  lend(): void;
  taken(fd: number): void;
}

/** Where its descriptors can be opened: not without /proc, and not those of another user. */
export function askToLend(pid: number, worker: Lender): void {
  mayOpen(pid).then(
    (may) => (may ? worker.lend() : undefined),
    () => {},
  );
}

async function mayOpen(pid: number): Promise<boolean> {
  const { uid } = await stat(`/proc/${pid}`);
  await readdir(`/proc/${pid}/fd`);
  return uid === process.getuid!();
}

/** The worker need not keep it open any longer, whatever comes of it here. */
export async function openLent(pid: number, fd: number, worker: Lender): Promise<OpenFile> {
  try {
    return await openFile(`/proc/${pid}/fd/${fd}`);
  } finally {
    worker.taken(fd);
  }
}
