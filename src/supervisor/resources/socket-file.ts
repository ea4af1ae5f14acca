/** Who may connect to a Unix socket: the permissions, owner and group of its file. */
import { chmodSync, chownSync } from 'node:fs';
import { findGroup, findUser } from '../../base/accounts.ts';
import type { GatewayProtocolName } from '../../base/gateway-protocol-names.ts';
import type { SocketFileSettings } from '../../config/configuration.ts';
import { errorCode, reasonOf, StartupError } from '../startup-error.ts';

export const NO_WISHES: SocketFileSettings = { mode: null, owner: null, group: null };

/** As a loopback port is: who may connect is decided by the permissions of the directory. */
const EVERYBODY = 0o666;
/** Whoever speaks a gateway protocol can say that a request comes from anybody. */
const NAMED = 0o660;
/** Of chown(2): leaves it as it is. */
const UNCHANGED = -1;

/** `protocol`: null for HTTP. @throws StartupError */
export function permitSocketFile(
  path: string,
  { mode, owner, group }: SocketFileSettings,
  protocol: GatewayProtocolName | null,
): void {
  const uid = owner === null ? UNCHANGED : findUser(owner)?.uid;
  const gid = group === null ? UNCHANGED : findGroup(group)?.gid;
  const refuse = (why: string) => new StartupError(`cannot listen on unix:${path}: chown-socket: ${why}`);
  if (uid === undefined) throw refuse(`there is no user ${owner}`);
  if (gid === undefined) throw refuse(`there is no group ${group}`);
  try {
    if (uid !== UNCHANGED || gid !== UNCHANGED) chownSync(path, uid, gid);
  } catch (error) {
    const isForeign = errorCode(error) === 'EPERM';
    throw refuse(
      isForeign ? 'only root can give a socket to others, or to a group that it is not in' : reasonOf(error),
    );
  }
  chmodSync(path, mode ?? (protocol === null ? EVERYBODY : NAMED));
}
