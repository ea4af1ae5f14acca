/** `[applications.NAME]`: applications beside the one that flags and the top of the file describe. */
import { quote } from '../origin.ts';
import { isApplicationSetting, isSettingName, settingNames } from '../settings/table.ts';
import type { Given } from './given.ts';
import { isTable, readSettingTable, type TableKeys, type TablePlace } from './setting-table.ts';

export interface ApplicationTable {
  readonly name: string;
  readonly given: readonly Given[];
  /** The file, as people call it. */
  readonly file: string;
  /** `vivarium.toml:7: applications.shop`. */
  readonly place: string;
  /** The directory of the file. */
  readonly directory: string;
}

/** It stands in command lines and metrics, and is never taken for a path or a module. */
export const APPLICATION_NAME = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;

const KEYS: TableKeys = {
  allowed: isApplicationSetting,
  elsewhere: (name) =>
    isSettingName(name) ? 'is a setting of the whole server; allowed: at the top of the file' : null,
  names: settingNames.filter(isApplicationSetting),
};

/** `tables`: what the file has as `applications`. `place`: of that. */
export function readApplicationTables(
  tables: unknown,
  place: TablePlace,
  mistakes: string[],
): ApplicationTable[] {
  const complain = (line: number, name: string, what: string) =>
    mistakes.push(`${place.shown}:${line}: ${name}: ${what}`);
  if (!isTable(tables)) {
    complain(
      place.lineOf(),
      'applications',
      `found ${quote(tables)}; allowed: tables like [applications.shop]`,
    );
    return [];
  }
  return Object.entries(tables).flatMap(([name, table]) => {
    const line = place.lineOf(name);
    const qualified = `applications.${name}`;
    if (!APPLICATION_NAME.test(name)) {
      complain(line, 'applications', `found ${quote(name)}; allowed: a name of letters, digits, - and _`);
      return [];
    }
    if (!isTable(table)) {
      complain(line, qualified, `found ${quote(table)}; allowed: a table`);
      return [];
    }
    const lineOf = (...keys: string[]) => place.lineOf(name, ...keys);
    const given = readSettingTable(table, { ...place, table: qualified, lineOf }, KEYS, mistakes);
    if (!Object.hasOwn(table, 'application') && !Object.hasOwn(table, 'command'))
      complain(line, qualified, 'needs application or command');
    const { directory, shown: file } = place;
    return [{ name, given, file, place: `${place.shown}:${line}: ${qualified}`, directory }];
  });
}
