/**
 * htpasswd files, `USER:HASH` on each line, and Apache's group files, `GROUP: USER USER …`. Everything is latin-1: one
 * character is one byte, as in the fields of a request.
 */
import { whyNoHash } from './scheme.ts';

export interface Passwords {
  /** By user. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Lines that mean nothing: `line 3: no user and hash`. */
  readonly mistakes: readonly string[];
}

/** The first line of a user counts, as with Apache. */
export function parsePasswords(content: Buffer): Passwords {
  const hashes = new Map<string, string>();
  const mistakes: string[] = [];
  for (const [number, line] of meaningfulLines(content)) {
    const [user = '', hash] = line.split(':', 2);
    const why =
      hash === undefined || user === '' ? 'no user and hash with a colon between them' : whyNoHash(hash);
    if (why !== null) mistakes.push(`line ${number}: ${why}`);
    else if (hashes.has(user)) mistakes.push(`line ${number}: a second line for the same user`);
    else hashes.set(user, hash!);
  }
  return { hashes, mistakes };
}

export interface Groups {
  /** Users by group. */
  readonly users: ReadonlyMap<string, ReadonlySet<string>>;
  readonly mistakes: readonly string[];
}

/** A group may have several lines. */
export function parseGroups(content: Buffer): Groups {
  const users = new Map<string, Set<string>>();
  const mistakes: string[] = [];
  for (const [number, line] of meaningfulLines(content)) {
    const colon = line.indexOf(':');
    if (colon < 1) mistakes.push(`line ${number}: no group with a colon behind it`);
    else {
      const group = line.slice(0, colon).trim();
      const members = users.get(group) ?? new Set();
      for (const user of line.slice(colon + 1).split(/[\t ]+/)) if (user !== '') members.add(user);
      users.set(group, members);
    }
  }
  return { users, mistakes };
}

/** With their numbers; no comments, no empty lines. */
export function meaningfulLines(content: Buffer): [number, string][] {
  const lines = content.latin1Slice().split(/\r?\n/);
  const numbered = lines.map((line, index): [number, string] => [index + 1, line]);
  return numbered.filter(([, line]) => line.trim() !== '' && !line.startsWith('#'));
}

/** The content with these lines in the place of all that begin with `prefix`. All other lines stay as they are. */
export function withLines(content: string, prefix: string, replacements: readonly string[]): string {
  const lines = content === '' ? [] : content.replace(/\n$/, '').split('\n');
  const at = lines.findIndex((line) => line.startsWith(prefix));
  const kept = lines.filter((line) => !line.startsWith(prefix));
  kept.splice(at < 0 ? kept.length : at, 0, ...replacements);
  return kept.map((line) => `${line}\n`).join('');
}
