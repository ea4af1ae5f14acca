/**
 * The user and group that gateways and workers run as when the server is started as root. Workers look names up
 * themselves (they also need the supplementary groups); this is for gateways and for the files they must reach.
 */
import { findGroup, findUser } from '../../base/accounts.ts';
import { StartupError } from '../startup-error.ts';

export interface Identity {
  readonly uid: number;
  readonly gid: number;
}

/** Null: children keep the identity that this process has. Names and numbers are both allowed. */
export function findIdentity(user: string | null, group: string | null): Identity | null {
  if (user === null && group === null) return null;
  const own = { uid: process.getuid!(), gid: process.getgid!() };
  const entry = user === null ? null : userIdentity(user);
  const wanted = {
    uid: entry?.uid ?? own.uid,
    gid: group === null ? (entry?.gid ?? own.gid) : groupNumber(group),
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

function userIdentity(user: string): Identity {
  const account = findUser(user);
  if (account !== null) return account;
  // A number without an entry is allowed, as containers have them. Its group is then its own number.
  if (/^\d+$/.test(user)) return { uid: Number(user), gid: Number(user) };
  throw new StartupError(`there is no user ${JSON.stringify(user)} on this system`);
}

function groupNumber(group: string): number {
  const found = findGroup(group);
  if (found !== null) return found.gid;
  if (/^\d+$/.test(group)) return Number(group);
  throw new StartupError(`there is no group ${JSON.stringify(group)} on this system`);
}
