/** The htpasswd file and the group file of a basic-auth, as they are now. */
import { type Passwords, parsePasswords } from '../../base/passwords/htpasswd.ts';
import type { BasicAuthSettings } from '../../config/sections/basic-auth.ts';
import type { Log } from '../../telemetry/log.ts';
import { followGroups, followUserFile } from '../sign-in/user-file.ts';

/** Checked where the file has no hash at all. */
const BCRYPT_DECOY = '$2y$10$mE6bd3q0Z9Y0i4mC1C1vGeYwEhxgVhHRFYtEFhm7cH5pDhpbaJtsa';

export interface UserFiles {
  /** Null: there is no such user. */
  hashOf(user: string): string | null;
  /** To be checked for a user who does not exist, so that it takes as long. */
  readonly decoy: string;
  isMember(user: string, group: string): boolean;
}

/** Throws when one of the files cannot be read. */
export function openUserFiles({ file, groupFile, place }: BasicAuthSettings, log: Log): UserFiles {
  const passwords = followUserFile(file, parseWithDecoy, place, log);
  return {
    hashOf: (user) => passwords.value.hashes.get(user) ?? null,
    get decoy() {
      return passwords.value.decoy;
    },
    isMember: followGroups(groupFile, place, log),
  };
}

function parseWithDecoy(content: Buffer): Passwords & { readonly decoy: string } {
  const passwords = parsePasswords(content);
  const hashes = [...passwords.hashes.values()];
  // The slowest there is, if there are several forms.
  const decoy = hashes.find((hash) => hash.startsWith('$2')) ?? hashes[0] ?? BCRYPT_DECOY;
  return { ...passwords, decoy };
}
