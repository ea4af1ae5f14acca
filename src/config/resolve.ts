/**
 * From what the sources gave to one value for each setting. Every given value is validated, also one that a
 * stronger source hides, so that a file is right or wrong whatever the flags say. Lists are replaced whole by a
 * stronger source; maps are merged key by key.
 */
import { type Origin, placeOf, quote, strength } from './origin.ts';
import { parseIn } from './read-section.ts';
import { type SettingName, settingNames, settings, type Values } from './settings/table.ts';
import type { Given } from './sources/given.ts';
import type { ValueType } from './value-types.ts';

/** A valid value that counts. */
export interface Entry {
  readonly name: SettingName;
  readonly key: string | null;
  readonly value: unknown;
  readonly origin: Origin;
  readonly directory: string;
}

export interface Resolved {
  readonly values: Values;
  /** In the order of the table; none for a setting whose default is nothing. */
  readonly entries: readonly Entry[];
  readonly mistakes: readonly string[];
}

export function resolveSettings(given: readonly Given[]): Resolved {
  const mistakes: string[] = [];
  const strongest = new Map<string, Entry>();
  for (const one of given) {
    const entry = validate(one, mistakes);
    if (entry === null) continue;
    const id = entryId(entry.name, entry.key);
    const rival = strongest.get(id);
    if (rival === undefined || strength(entry.origin) >= strength(rival.origin)) strongest.set(id, entry);
  }
  const entries = settingNames.flatMap((name) => entriesOf(name, strongest));
  return { values: collect(entries), entries, mistakes };
}

/** The entry of a setting that is no map. */
export function entryOf(entries: readonly Entry[], name: SettingName): Entry | undefined {
  return entries.find((entry) => entry.name === name);
}

/** How strongly a setting was asked for; -1 when it was not. */
export function strengthOf(entries: readonly Entry[], name: SettingName): number {
  const origin = entryOf(entries, name)?.origin;
  return origin === undefined || origin.kind === 'default' || origin.kind === 'implied'
    ? -1
    : strength(origin);
}

function entriesOf(name: SettingName, strongest: ReadonlyMap<string, Entry>): Entry[] {
  const setting = settings[name];
  if (setting.shape === 'map') return [...strongest.values()].filter((entry) => entry.name === name);
  const entry = strongest.get(entryId(name, null));
  if (entry !== undefined) return [entry];
  if (setting.default === null || setting.shape === 'list') return [];
  return [{ name, key: null, value: setting.default, origin: { kind: 'default' }, directory: '/' }];
}

function entryId(name: string, key: string | null): string {
  return key === null ? name : `${name}\0${key}`;
}

function collect(entries: readonly Entry[]): Values {
  const values: Record<string, unknown> = {};
  for (const name of settingNames) {
    const own = entries.filter((entry) => entry.name === name);
    if (settings[name].shape === 'map') {
      values[name] = Object.fromEntries(own.map(({ key, value }) => [key, value]));
    } else {
      values[name] = own[0]?.value ?? settings[name].default;
    }
  }
  return values as Values;
}

function validate(given: Given, mistakes: string[]): Entry | null {
  const { name, key, raw, origin, directory } = given;
  const { shape, type, keyType } = settings[name];
  const place = placeOf(origin, key === null ? name : `${name}.${/^[\w-]+$/.test(key) ? key : quote(key)}`);
  const check = <T>(as: ValueType<T>, value: unknown, what: string): T | undefined => {
    const checked = parseIn(as, value, directory);
    if (checked === undefined) mistakes.push(`${place}: found ${what}; allowed: ${as.allowed}`);
    return checked;
  };
  if (shape === 'list') {
    if (!Array.isArray(raw)) {
      mistakes.push(`${place}: found ${quote(raw)}; allowed: a list of ${type.placeholder}`);
      return null;
    }
    const values = raw.map((item) => check(type, item, quote(item)));
    return values.includes(undefined) ? null : { name, key, value: values, origin, directory };
  }
  const checkedKey = keyType === null || key === null ? key : check(keyType, key, quote(key));
  const value = check(type, raw, raw === undefined ? `${quote(key)} without a value` : quote(raw));
  if (value === undefined || checkedKey === undefined) return null;
  return { name, key: checkedKey, value, origin, directory };
}
