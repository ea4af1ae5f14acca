/** What every source yields: a list of given values, not yet validated, and the mistakes met while reading. */
import type { Origin } from '../origin.ts';
import type { SettingName } from '../settings/table.ts';

export interface Given {
  readonly name: SettingName;
  /** For an entry of a map, else null. */
  readonly key: string | null;
  /** For a list, an array. Numbers and booleans have their own types, also when they came as text. */
  readonly raw: unknown;
  readonly origin: Origin;
  /** What a relative path in it is relative to. */
  readonly directory: string;
}

export interface Source {
  readonly given: readonly Given[];
  readonly mistakes: readonly string[];
}
