/**
 * The running servers of this user, so that a command finds its server by itself: a private directory (0700) with a
 * symbolic link for each, named by the pid of its supervisor and leading to its server root. What a server that was
 * killed left there is ignored, and removed by the next one who looks.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Instance {
  readonly pid: number;
  readonly serverRoot: string;
}

/** Where records may be, best first. All are looked into: a service and a login shell have different environments. */
export function registryDirectories(runtimeDirectory: string | undefined, uid: number): string[] {
  return [
    ...(runtimeDirectory ? [join(runtimeDirectory, 'vivarium')] : []),
    ...(uid === 0 ? ['/run/vivarium'] : []),
    join(tmpdir(), `vivarium-${uid}`),
  ];
}

/** Returns the way to take it back, or null when no directory can be used. */
export function registerInstance(directories: readonly string[], instance: Instance): (() => void) | null {
  for (const directory of directories) {
    try {
      mkdirSync(directory, { recursive: true, mode: 0o700 });
      if (!isPrivate(directory)) continue;
      const record = join(directory, String(instance.pid));
      rmSync(record, { force: true });
      symlinkSync(instance.serverRoot, record);
      return () => rmSync(record, { force: true });
    } catch {
      // Not ours to write to: the next one.
    }
  }
  return null;
}

export function findInstances(directories: readonly string[]): Instance[] {
  const found = directories.flatMap((directory) => {
    try {
      return isPrivate(directory) ? readRecords(directory) : [];
    } catch {
      return [];
    }
  });
  return found.sort((a, b) => a.pid - b.pid);
}

/** In a directory that all may write, such as /tmp, somebody else may have been there first. */
function isPrivate(directory: string): boolean {
  const stats = lstatSync(directory);
  return stats.isDirectory() && stats.uid === process.getuid!() && (stats.mode & 0o077) === 0;
}

function readRecords(directory: string): Instance[] {
  return readdirSync(directory)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const instance = { pid: Number(name), serverRoot: readlinkSync(join(directory, name)) };
      if (isRunning(instance)) return [instance];
      rmSync(join(directory, name), { force: true });
      return [];
    });
}

/** The number of a process that is gone may be another's by now: the lock of the server root must name it, too. */
function isRunning({ pid, serverRoot }: Instance): boolean {
  try {
    process.kill(pid, 0);
    return Number(readFileSync(join(serverRoot, 'supervisor.pid'), 'latin1')) === pid;
  } catch {
    return false;
  }
}
