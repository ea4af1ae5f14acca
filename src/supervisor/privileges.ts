/**
 * The user and group that gateways and workers run as when the server is started as root. Workers look names up
 * themselves (they also need the supplementary groups); this is for gateways and for the files they must reach.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { StartupError } from './startup-error.ts';

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** Null: children keep the identity that this process has. Names and numbers are both allowed. */
export function findIdentity(user: string | null, group: string | null): Identity | null {
  if (user === null && group === null) return null;
  const own = { uid: process.getuid!(), gid: process.getgid!() };
  const entry = user === null ? null : findUser(user);
  const wanted = {
    uid: entry?.uid ?? own.uid,
    gid: group === null ? (entry?.gid ?? own.gid) : findGroup(group),
  };
  if (wanted.uid === own.uid && wanted.gid === own.gid) return null;
  if (own.uid !== 0) {
    const asked = [user === null ? '' : `user ${user}`, group === null ? '' : `group ${group}`];
    throw new StartupError(
      `cannot run as ${asked.filter(Boolean).join(' and ')}: only root can change user or group, ` +
        `and the server was started by uid ${own.uid}`,
    );
  }
  return wanted;
}

function findUser(user: string): Identity {
  const fields = findEntry('passwd', user);
  if (fields !== null) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  // A number without an entry is allowed, as containers have them. Its group is then its own number.
  if (/^\d+$/.test(user)) return { uid: Number(user), gid: Number(user) };
  throw new StartupError(`there is no user ${JSON.stringify(user)} on this system`);
}

function findGroup(group: string): number {
  const fields = findEntry('group', group);
  if (fields !== null) return Number(fields[2]);
  if (/^\d+$/.test(group)) return Number(group);
  throw new StartupError(`there is no group ${JSON.stringify(group)} on this system`);
}

/** Looks in the file first and then, for directories such as LDAP, asks getent. */
function findEntry(database: 'passwd' | 'group', key: string): string[] | null {
  const isKey = (fields: string[]) => fields[0] === key || (fields[2] === key && /^\d+$/.test(key));
  const inFile = entries(readFileSync(`/etc/${database}`, 'utf8')).find(isKey);
  if (inFile !== undefined) return inFile;
  try {
    const text = execFileSync('getent', ['--', database, key], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return entries(text).find(isKey) ?? null;
  } catch {
    return null;
  }
}

function entries(text: string): string[][] {
  return text.split('\n').map((line) => line.split(':'));
}
