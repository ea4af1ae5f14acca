/**
 * A table of settings in the file: its top, or `[applications.NAME]`. Keys are the names of the flags without their
 * dashes; a setting with two arguments is a table.
 */
import { quote } from '../origin.ts';
import type { SettingName } from '../settings/table.ts';
import { settings } from '../settings/table.ts';
import type { Given } from './given.ts';
import { meantBy } from './meant.ts';

/** Where a table stands in the file. */
export interface TablePlace {
  /** The file, as people call it. */
  readonly shown: string;
  /** What relative paths are relative to. */
  readonly directory: string;
  /** '' for the top, `applications.shop`. */
  readonly table: string;
  lineOf(...keys: string[]): number;
}

/** What may stand there. `elsewhere` says of other settings where they belong; null: nowhere in the file. */
export interface TableKeys {
  readonly allowed: (name: string) => name is SettingName;
  readonly elsewhere: (name: string) => string | null;
  readonly names: readonly string[];
}

export function readSettingTable(
  table: Readonly<Record<string, unknown>>,
  place: TablePlace,
  keys: TableKeys,
  mistakes: string[],
): Given[] {
  const given: Given[] = [];
  const complain = (line: number, name: string, what: string) =>
    mistakes.push(`${place.shown}:${line}: ${qualified(place.table, name)}: ${what}`);
  for (const [name, raw] of Object.entries(table)) {
    const line = place.lineOf(name);
    const { directory } = place;
    if (!keys.allowed(name)) {
      complain(line, name, keys.elsewhere(name) ?? unknownKey(name, keys.names));
    } else if (settings[name].shape !== 'map') {
      const value = settings[name].shape === 'list' && typeof raw === 'string' ? [raw] : raw;
      given.push({ name, key: null, raw: value, origin: originAt(place, line), directory });
    } else if (!isTable(raw)) {
      complain(line, name, `found ${quote(raw)}; allowed: a table`);
    } else {
      for (const [key, entry] of Object.entries(raw))
        given.push({ name, key, raw: entry, origin: originAt(place, place.lineOf(name, key)), directory });
    }
  }
  return given;
}

export function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function qualified(table: string, name: string): string {
  return table === '' ? name : `${table}.${name}`;
}

function originAt({ shown, table }: TablePlace, line: number) {
  return { kind: 'file', file: shown, line, ...(table === '' ? {} : { table }) } as const;
}

function unknownKey(name: string, names: readonly string[]): string {
  const meant = meantBy(name, names);
  return `no such setting${meant === null ? '' : `; did you mean ${meant}?`}`;
}
