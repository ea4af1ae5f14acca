/** What the scripts have said of a request: JSON of python/vivarium/auth_scripts.py. */

export interface Findings {
  /** By the access script, if there is one. */
  readonly isAllowed: boolean;
  /** Latin-1; null: the password is wrong, or nobody was asked. */
  readonly user: string | null;
  /** Latin-1. */
  readonly groups: readonly string[];
}

/** Throws when it is not what it should be. */
export function parseFindings(body: Uint8Array): Findings {
  const { allowed, user, groups } = JSON.parse(Buffer.from(body).toString('utf8'));
  const isUser = user === null || typeof user === 'string';
  const areGroups = Array.isArray(groups) && groups.every((group) => typeof group === 'string');
  if (typeof allowed !== 'boolean' || !isUser || !areGroups) throw new Error('an answer of another form');
  return { isAllowed: allowed, user: user === null ? null : latin1(user), groups: groups.map(latin1) };
}

/** Without control characters: it goes into variables and logs. */
function latin1(text: string): string {
  return Buffer.from(text.replace(/\p{Cc}/gu, ''), 'utf8').latin1Slice();
}
