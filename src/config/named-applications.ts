/**
 * The applications of `[applications.NAME]`. Each is resolved, checked and looked for like the one at the top of the
 * file, with the defaults of the settings; but for the user that the server runs as, the top says nothing of them.
 */
import { buildApplication } from './build-application.ts';
import type { ApplicationSettings, UrlAlias } from './configuration.ts';
import { findContradictions, findIdentity, type Identity } from './consistency.ts';
import { findApplication } from './find-application.ts';
import { type Circumstances, impliedDefaults } from './implied.ts';
import { applicationDefaults } from './machine-defaults.ts';
import { ConfigurationError } from './origin.ts';
import { type Entry, type Resolved, resolveSettings } from './resolve.ts';
import { isApplicationSetting, type SettingName, type Values } from './settings/table.ts';
import type { ApplicationTable } from './sources/application-tables.ts';
import type { Given } from './sources/given.ts';

export interface NamedApplication {
  readonly settings: ApplicationSettings;
  readonly staticFiles: UrlAlias | null;
  readonly entries: readonly Entry[];
  readonly warnings: readonly string[];
}

/** A table whose settings are resolved. */
export interface ResolvedTable {
  readonly table: ApplicationTable;
  readonly given: readonly Given[];
  readonly resolved: Resolved;
  readonly identity: Identity | null;
  /** What is wrong with them, each complete with its place. */
  readonly mistakes: readonly string[];
}

/** `server`: the settings at the top. */
export function resolveTable(
  table: ApplicationTable,
  server: Values,
  circumstances: Circumstances,
  uid: number,
): ResolvedTable {
  const implied = impliedDefaults(resolveSettings(table.given).values, circumstances);
  const given = [
    ...identityOf(server, table),
    // A touched configuration file reloads everything anyway.
    ...implied.filter(({ name }) => isApplicationSetting(name) && name !== 'touch-reload'),
    ...table.given,
  ];
  const resolved = resolveSettings(given);
  const { identity, mistakes } = findIdentity(resolved, uid);
  const all = [...resolved.mistakes, ...findContradictions(resolved), ...mistakes];
  return { table, given, resolved, identity, mistakes: located(table, all) };
}

/**
 * `mistakes`: all that were found so far.
 *
 * @throws ConfigurationError with `mistakes` and those found here
 */
export async function findNamed(
  { table, given, resolved, identity }: ResolvedTable,
  environment: Readonly<Record<string, string | undefined>>,
  mistakes: readonly string[],
): Promise<NamedApplication> {
  const { name, directory } = table;
  try {
    const request = { resolved, directory, looked: [], isOptional: false, environment, identity, mistakes };
    const found = (await findApplication(request))!;
    const { values, entries } = resolveSettings([...found.given, ...applicationDefaults(), ...given]);
    const settings = buildApplication(name, values, found, environment);
    return {
      settings: { ...settings, touchFiles: values['touch-reload'] },
      staticFiles: found.staticFiles,
      entries: entries.filter((entry) => isApplicationSetting(entry.name)),
      warnings: found.warnings,
    };
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    const own = error.mistakes.filter((mistake) => !mistakes.includes(mistake));
    throw new ConfigurationError([...mistakes, ...located(table, own)]);
  }
}

/** The user of the server, unless the table says more. */
function identityOf(server: Values, { given }: ApplicationTable): Given[] {
  const names: readonly SettingName[] = ['user', 'group'];
  if (given.some(({ name }) => names.includes(name))) return [];
  return names
    .filter((name) => server[name] !== null)
    .map((name) => ({
      name,
      key: null,
      raw: server[name],
      origin: { kind: 'implied', by: `the ${name} of the server` },
      directory: '/',
    }));
}

/** What a value from elsewhere is blamed for has no place in the file of its own. */
function located({ file, place }: ApplicationTable, mistakes: readonly string[]): string[] {
  return mistakes.map((mistake) => (mistake.startsWith(`${file}:`) ? mistake : `${place}: ${mistake}`));
}
