/** What the scripts have said of a request: JSON of python/vivarium/auth_scripts.py. */

export interface Findings {
  /** By the access script, if there is one. */
  readonly isAllowed: boolean;
  /** Latin-1; null: the password is wrong, or nobody was asked. */
  readonly user: string | null;
  /** Of Digest: the MD5 of user, realm and password in hex digits; null: no such user, or nobody was asked. */
  readonly realmHash: string | null;
  /** Latin-1. */
  readonly groups: readonly string[];
}

const REALM_HASH = /^[\da-f]{32}$/i;

/** Throws when it is not what it should be. */
export function parseFindings(body: Uint8Array): Findings {
  const { allowed, user, realmHash, groups } = JSON.parse(Buffer.from(body).toString('utf8'));
  const isUser = user === null || typeof user === 'string';
  const areGroups = Array.isArray(groups) && groups.every((group) => typeof group === 'string');
  const isHash = realmHash === null || (typeof realmHash === 'string' && REALM_HASH.test(realmHash));
  if (!isHash) throw new Error('get_realm_hash returned something else than None or 32 hex digits');
  if (typeof allowed !== 'boolean' || !isUser || !areGroups) throw new Error('an answer of another form');
  return {
    isAllowed: allowed,
    user: user === null ? null : latin1(user),
    realmHash: realmHash?.toLowerCase() ?? null,
    groups: groups.map(latin1),
  };
}

/** Without control characters: it goes into variables and logs. */
function latin1(text: string): string {
  return Buffer.from(text.replace(/\p{Cc}/gu, ''), 'utf8').latin1Slice();
}
