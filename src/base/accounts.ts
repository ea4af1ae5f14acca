/**
 * Users and groups of this machine by name or number, which Node cannot look up. The local files are asked first;
 * `getent` then covers directories such as LDAP (nsswitch.conf).
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

export interface User {
  readonly name: string;
  readonly uid: number;
  /** The primary group. */
  readonly gid: number;
  readonly home: string;
}

export interface Group {
  readonly name: string;
  readonly gid: number;
}

/** passwd(5): name:password:uid:gid:comment:home:shell. */
export function findUser(nameOrUid: string): User | null {
  const entry = findEntry('passwd', nameOrUid);
  if (entry === null) return null;
  return { name: entry[0]!, uid: Number(entry[2]), gid: Number(entry[3]), home: entry[5] ?? '/' };
}

/** group(5): name:password:gid:members. */
export function findGroup(nameOrGid: string): Group | null {
  const entry = findEntry('group', nameOrGid);
  return entry === null ? null : { name: entry[0]!, gid: Number(entry[2]) };
}

/** Both databases have the name in the first column and the number in the third. */
function findEntry(database: 'passwd' | 'group', key: string): string[] | null {
  // An empty line in the file would match an empty key, and `getent` takes a leading dash for an option.
  if (key === '' || key.startsWith('-')) return null;
  const column = /^\d+$/.test(key) ? 2 : 0;
  for (const read of [readLocal, askNameService]) {
    const entries = read(database, key).split('\n');
    const found = entries.map((line) => line.split(':')).find((fields) => fields[column] === key);
    if (found !== undefined) return found;
  }
  return null;
}

function readLocal(database: string): string {
  try {
    return readFileSync(`/etc/${database}`, 'utf8');
  } catch {
    return '';
  }
}

function askNameService(database: string, key: string): string {
  try {
    return execFileSync('getent', [database, key], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
  } catch {
    return '';
  }
}
