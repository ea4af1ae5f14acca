/**
 * Cache directives: Cache-Control as RFC 9111, section 5.2, has it, which is read leniently and, in doubt, so that less
 * is reused; and CDN-Cache-Control (RFC 9213), a structured field, which counts only when every character of it is right.
 */

/** By name in lower case; null: without an argument. */
export type Directives = ReadonlyMap<string, string | null>;

const NONE: Directives = new Map();
/** As RFC 9111, section 1.2.2, has it for what is larger than we can count. */
const SECONDS_MAX = 2 ** 31;

export function parseCacheControl(text: string | null): Directives {
  if (text === null) return NONE;
  const directives = new Map<string, string | null>();
  for (const [, name, quoted, plain] of text.matchAll(
    /([^,="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^,"]*)))?[^,]*/g,
  )) {
    const argument = quoted ?? plain ?? null;
    // `max-age =60` is no max-age: the blank belongs to the name.
    add(directives, (argument === null ? name!.trim() : name!.trimStart()).toLowerCase(), argument);
  }
  return directives;
}

/** Said twice: the stricter counts. */
function add(directives: Map<string, string | null>, name: string, argument: string | null): void {
  const before = directives.get(name);
  if (before === undefined) directives.set(name, argument);
  else if (before === null || argument === null) directives.set(name, null);
  else if (isSeconds(before) && isSeconds(argument))
    directives.set(name, Number(before) < Number(argument) ? before : argument);
  else directives.set(name, `${before}, ${argument}`);
}

const KEY = '[a-z*][a-z0-9_.*-]*';
const ITEM =
  '(-?\\d{1,15}(?![\\d.])|-?\\d{1,12}\\.\\d{1,3}|"(?:[ !#-[\\]-~]|\\\\["\\\\])*"|[A-Za-z*][\\w!#$%&\'*+.^`|~:/-]*|\\?[01]|:[A-Za-z0-9+/=]*:)';
const MEMBER = new RegExp(`(${KEY})(?:=${ITEM})?(?:;[ ]*${KEY}(?:=${ITEM})?)*[ \\t]*(,[ \\t]*(?!$)|$)`, 'y');
/** Directives whose argument is a number of seconds, and nothing else. */
const TIMES = new Set(['max-age', 's-maxage', 'stale-while-revalidate', 'stale-if-error']);

/** Null when there is none, or when it is wrong anywhere: then Cache-Control counts (RFC 9213, section 2.2). */
export function parseCdnCacheControl(text: string | null): Directives | null {
  if (text === null) return null;
  const directives = new Map<string, string | null>();
  MEMBER.lastIndex = text.length - text.trimStart().length;
  const trimmed = text.trimEnd();
  while (MEMBER.lastIndex < trimmed.length) {
    const member = MEMBER.exec(trimmed);
    if (member === null) return null;
    const [, name, value = '?1'] = member;
    if (TIMES.has(name!) && !/^-?\d+$/.test(value)) return null;
    if (value === '?1') directives.set(name!, null);
    else if (value === '?0') directives.delete(name!);
    else directives.set(name!, value.startsWith('"') ? value.slice(1, -1) : value);
  }
  return directives.size === 0 ? null : directives;
}

function isSeconds(text: string): boolean {
  return /^\d+$/.test(text);
}

/** A time in ms; null when the directive is not there. What is no number of seconds is 0: stale at once (section 4.2.1). */
export function timeMs(directives: Directives, name: string): number | null {
  const argument = directives.get(name);
  if (argument === undefined) return null;
  return argument !== null && isSeconds(argument) ? Math.min(Number(argument), SECONDS_MAX) * 1000 : 0;
}

/** Is it there without field names, so that it means the whole response? */
export function isWhole(directives: Directives, name: string): boolean {
  const argument = directives.get(name);
  return argument === null || argument === '';
}

/** The field names, in lower case, that `no-cache` or `private` is restricted to. */
export function namedFields(directives: Directives, name: string): readonly string[] {
  const argument = directives.get(name);
  return argument === undefined || argument === null ? [] : listMembers(argument);
}

/** Members of a list, in lower case. */
export function listMembers(text: string): string[] {
  return text
    .toLowerCase()
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '');
}
