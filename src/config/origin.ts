/** Where a value came from, and the mistakes found in it. */

export type Origin =
  | { readonly kind: 'default' }
  /** Another choice brings it: `vivarium dev`, or a setting. */
  | { readonly kind: 'implied'; readonly by: string }
  /** Found by looking: `from` says where. */
  | { readonly kind: 'detected'; readonly from: string }
  /** `table`: where it does not stand at the top: `applications.shop`. */
  | { readonly kind: 'file'; readonly file: string; readonly line: number; readonly table?: string }
  | { readonly kind: 'environment'; readonly variable: string }
  /** A flag, or the TARGET of the command line. */
  | { readonly kind: 'flag'; readonly flag: string };

/** Stronger sources last: flags beat environment beats file beats what was found beats what is implied beats defaults. */
const STRENGTH: readonly Origin['kind'][] = ['default', 'implied', 'detected', 'file', 'environment', 'flag'];

export function strength(origin: Origin): number {
  return STRENGTH.indexOf(origin.kind);
}

/** For the last column of `vivarium check`. */
export function describeOrigin(origin: Origin): string {
  switch (origin.kind) {
    case 'default':
      return 'default';
    case 'implied':
      return `with ${origin.by}`;
    case 'detected':
      return `found: ${origin.from}`;
    case 'file':
      return `${origin.file}:${origin.line}`;
    case 'environment':
      return `$${origin.variable}`;
    case 'flag':
      return origin.flag;
  }
}

/** The beginning of a message about the value of a setting: where it stands and what it is called there. */
export function placeOf(origin: Origin, name: string): string {
  switch (origin.kind) {
    case 'file':
      return `${origin.file}:${origin.line}: ${origin.table === undefined ? '' : `${origin.table}.`}${name}`;
    case 'environment':
      return origin.variable;
    case 'flag':
      return origin.flag;
    default:
      return name;
  }
}

/** The configuration cannot be used. Every mistake is a line of its own, complete with its place. */
export class ConfigurationError extends Error {
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.name = 'ConfigurationError';
    this.mistakes = mistakes;
  }
}

/** A value as a message quotes it. */
export function quote(value: unknown): string {
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Date) return 'a date';
  if (typeof value === 'object' && value !== null) return 'a table';
  const quoted = JSON.stringify(value) ?? String(value);
  return quoted.length > 100 ? `${quoted.slice(0, 100)}…` : quoted;
}

/** A file as people on this terminal would call it. */
export function displayPath(path: string, cwd: string): string {
  return path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path;
}
