/**
 * Patterns of the configuration, compiled: `/about` (this text), `/static/*` (`*`: any characters, also slashes),
 * `~^/user/(\d+)$` (a regular expression), `~*…` (one that ignores case). Texts are latin-1, as in the exchange, so a
 * pattern with other characters is compared by its UTF-8 bytes.
 */

/** What was caught, by number from 1 and by name; null when the text does not match. */
export type Pattern = (text: string) => Readonly<Record<string, string>> | null;

export const NOTHING_CAUGHT: Readonly<Record<string, string>> = Object.freeze({});

/** Null for a regular expression with a mistake. */
export function compilePattern(pattern: string): Pattern | null {
  if (pattern.startsWith('~')) return compileExpression(pattern);
  const text = latin1(pattern);
  const star = text.indexOf('*');
  if (star < 0) return (candidate) => (candidate === text ? NOTHING_CAUGHT : null);
  if (star === text.length - 1) {
    const prefix = text.slice(0, -1);
    return (candidate) => (candidate.startsWith(prefix) ? { 1: candidate.slice(prefix.length) } : null);
  }
  const parts = text.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'));
  return matcherOf(new RegExp(`^${parts.join('([^]*)')}$`));
}

function compileExpression(pattern: string): Pattern | null {
  const ignoresCase = pattern.startsWith('~*');
  try {
    // A dot is any character: an escaped line break in a path must not slip past a rule.
    return matcherOf(new RegExp(latin1(pattern.slice(ignoresCase ? 2 : 1)), ignoresCase ? 'is' : 's'));
  } catch {
    return null;
  }
}

function matcherOf(expression: RegExp): Pattern {
  return (candidate) => {
    const found = expression.exec(candidate);
    if (found === null) return null;
    if (found.length === 1) return NOTHING_CAUGHT;
    const captures: Record<string, string> = { ...found.groups };
    for (let i = 1; i < found.length; i++) captures[i] = found[i] ?? '';
    return captures;
  };
}

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').latin1Slice();
}
