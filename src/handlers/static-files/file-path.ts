/**
 * From the path of a URL to a file: the place that keeps requests inside the root.
 *
 * Names are bytes on both sides: paths are latin-1 strings with one character a byte, so every name a file system
 * can hold is reachable and none is changed on the way. Symbolic links are the business of file-tree.ts.
 */
import { compilePattern } from '../../base/pattern.ts';
import { isBelow } from '../../base/url-path.ts';

/** Of one name: file systems have no longer ones, and patterns need not be tried on them. */
const NAME_BYTES_MAX = 255;

/** The part of a canonical path that is below `prefix`, with its slash; null when it must not be served. */
export function pathBelow(canonicalPath: string, prefix: string, isHidden: IsHidden): string | null {
  if (!isBelow(canonicalPath, prefix)) return null;
  const rest = canonicalPath.slice(prefix.length);
  if (rest.includes('\0')) return null;
  for (const name of rest.split('/')) {
    if (name.length > NAME_BYTES_MAX || (name !== '' && isHidden(name))) return null;
  }
  return rest;
}

type IsHidden = (name: string) => boolean;

/** `hide`: patterns for single names; of those that match the last counts, and with a `!` it shows the name again. */
export function compileHidden(hide: readonly string[]): IsHidden {
  const rules = hide
    .map((text) => ({ matches: compilePattern(text.replace(/^!/, ''))!, isHidden: !text.startsWith('!') }))
    .reverse();
  return (name) => rules.find(({ matches }) => matches(name) !== null)?.isHidden ?? false;
}
