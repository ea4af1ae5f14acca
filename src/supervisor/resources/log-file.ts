/**
 * Opening log files with the rights of the supervisor, which may be root, for gateways that run as another user: as with
 * nginx, the directory may belong to root, and the files become those of that user.
 */
import { closeSync, constants, fchownSync, fstatSync, openSync } from 'node:fs';
import { StartupError } from '../startup-error.ts';
import type { Identity } from './privileges.ts';

const { O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_WRONLY } = constants;
const MODE = 0o640;

/**
 * Returns a descriptor. Null for `owner`: we have no more rights than gateways have. Links are refused otherwise: who
 * may write to the directory could have us open, and give away, any file of the system.
 */
export function openLogFile(path: string, owner: Identity | null): number {
  if (owner === null) return openSync(path, 'a', MODE);
  const fd = openSync(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK, MODE);
  try {
    give(fd, owner);
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function give(fd: number, owner: Identity): void {
  const stats = fstatSync(fd);
  if (stats.uid === owner.uid && stats.gid === owner.gid) return;
  if (!stats.isFile() || stats.nlink > 1)
    throw new StartupError('it is not a file of its own, and with --user only such a file is opened');
  fchownSync(fd, owner.uid, owner.gid);
}
