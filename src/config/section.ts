/**
 * Sections: the parts of the configuration file that flags cannot say, such as `[[sites]]`, `[[routes]]` and their
 * features. A section is declared once, with its keys and with `build`, which makes of their values, in the user's
 * words and units, the frozen settings that the request path reads. Its keys are settings, as in settings/, or
 * sections again.
 */
import type { Setting } from './setting.ts';

export type Part = Setting | Nested;
export type Parts = Readonly<Record<string, Part>>;

/** A section in a section. */
export interface Nested<T = unknown> {
  /** `nested`: a table. `manyOf`: an array of tables. `namedBy`: a table of tables, each under a name. */
  readonly shape: 'nested' | 'manyOf' | 'namedBy';
  readonly section: Section;
  /** `false` stands for it: what is said further out does not hold here. */
  readonly canBeOff: boolean;
  /** Makes T known to the compiler. */
  readonly value?: T;
}

export interface Section<B = unknown> {
  /** One line, without a full stop. */
  readonly help: string;
  readonly parts: Parts;
  /** The key that a value stands for which is no table: `redirect = "/new"` for `redirect = { to = "/new" }`. */
  readonly short: string | null;
  /** All keys have good defaults: `compress = true`. */
  readonly isSwitch: boolean;
  /** Keys that must be there. */
  readonly required: readonly string[];
  readonly build: (values: Record<string, unknown>, place: SectionPlace) => B;
}

/** Where a section stands, for messages. */
export interface SectionPlace {
  /** `vivarium.toml:7: sites[0].compress`. */
  readonly text: string;
  /** What relative paths are relative to. */
  readonly directory: string;
  /** For what no single key can be blamed for. `allowed` completes "allowed: …". */
  refuse(key: string | null, found: string, allowed: string): void;
}

type ValueOf<P> = P extends Setting<infer T> ? T : P extends Nested<infer T> ? T : never;

/** What `build` gets: a setting that was not given has its default, a section null, an empty list or an empty table. */
export type PartValues<P extends Parts> = { readonly [K in keyof P]: ValueOf<P[K]> };

interface Options<P extends Parts, B> {
  readonly help: string;
  readonly parts: P;
  readonly short?: keyof P & string;
  readonly isSwitch?: true;
  readonly required?: readonly (keyof P & string)[];
  readonly build: (values: PartValues<P>, place: SectionPlace) => B;
}

export function section<const P extends Parts, B>(options: Options<P, B>): Section<B> {
  return Object.freeze({
    short: null,
    isSwitch: false,
    required: [],
    ...options,
    build: options.build as Section<B>['build'],
  });
}

/** A table; null when it is not there. */
export function nested<B>(section: Section<B>): Nested<B | null> {
  return { shape: 'nested', section, canBeOff: false };
}

/** The same; false where it says `false`. */
export function switchable<B>(section: Section<B>): Nested<B | null | false> {
  return { shape: 'nested', section, canBeOff: true };
}

/** An array of tables. */
export function manyOf<B>(section: Section<B>): Nested<readonly B[]> {
  return { shape: 'manyOf', section, canBeOff: false };
}

/** A table of tables, each under the name that the user gives it. */
export function namedBy<B>(section: Section<B>): Nested<Readonly<Record<string, B>>> {
  return { shape: 'namedBy', section, canBeOff: false };
}

export function isNested(part: Part): part is Nested {
  return 'section' in part;
}
