/**
 * The file as a source: vivarium.toml, or [tool.vivarium] in pyproject.toml. It holds settings, as every source, and
 * what no other source has: sections, and more applications.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { displayPath } from '../origin.ts';
import { readSection } from '../read-section.ts';
import { DEFAULT_CACHE_STORE } from '../sections/cache-store.ts';
import { NO_FEATURES } from '../sections/features.ts';
import { isSectionName, type Sections, sections } from '../sections/table.ts';
import { isSettingName, type SettingName, settingNames, settings } from '../settings/table.ts';
import { type ApplicationTable, readApplicationTables } from './application-tables.ts';
import type { Source } from './given.ts';
import { isTable, readSettingTable, type TableKeys } from './setting-table.ts';
import { findKeyLines } from './toml-lines.ts';

const PYPROJECT_TABLE = ['tool', 'vivarium'];

export interface FileSource extends Source {
  readonly sections: Sections;
  readonly applications: readonly ApplicationTable[];
}

export const NO_SECTIONS: Sections = {
  features: NO_FEATURES,
  routes: [],
  accessLogs: [],
  sites: [],
  files: null,
  certificates: [],
  acme: null,
  cacheStore: DEFAULT_CACHE_STORE,
  limitConnections: null,
  upstreams: {},
};
/** In the place of sections with mistakes: what they lack is no mistake of its own. */
export const UNREADABLE_SECTIONS: Sections = { ...NO_SECTIONS };
const NOTHING = { given: [], sections: NO_SECTIONS, applications: [] };

/** `path` is absolute; messages call the file as it is called from `cwd`. */
export function readConfigurationFile(path: string, cwd: string): FileSource {
  const shown = displayPath(path, cwd);
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    return { ...NOTHING, mistakes: [`${shown}: cannot read this configuration file: ${reasonOf(error)}`] };
  }
  let document: unknown;
  try {
    document = parse(content);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '');
    return { ...NOTHING, mistakes: [`${shown}:${error.line}: not valid TOML: ${reason}`] };
  }
  const prefix = basename(path) === 'pyproject.toml' ? PYPROJECT_TABLE : [];
  const lines = findKeyLines(content);
  const lineOf = (...keys: string[]) => lineAt(lines, [...prefix, ...keys]);
  return readTable(tableAt(document, prefix), { shown, directory: dirname(path), lineOf });
}

/** Whether a pyproject.toml speaks of Vivarium. One that is no TOML does not. */
export function hasVivariumTable(path: string): boolean {
  try {
    return tableAt(parse(readFileSync(path, 'utf8')), PYPROJECT_TABLE) !== undefined;
  } catch {
    return false;
  }
}

interface Place {
  readonly shown: string;
  readonly directory: string;
  lineOf(...keys: string[]): number;
}

const APPLICATIONS = 'applications';

const KEYS: TableKeys = {
  allowed: (name): name is SettingName => isSettingName(name) && !settings[name].notInFile,
  elsewhere: (name) => (isSettingName(name) ? `cannot stand in the file; allowed: the flag --${name}` : null),
  names: [...settingNames, ...Object.keys(sections.parts), APPLICATIONS],
};

function readTable(table: Record<string, unknown> | undefined, place: Place): FileSource {
  const mistakes: string[] = [];
  if (table === undefined) mistakes.push(`${place.shown}: has no table [${PYPROJECT_TABLE.join('.')}]`);
  const entries = Object.entries(table ?? {});
  const inSections = ([name]: [string, unknown]) => isSectionName(name);
  const { [APPLICATIONS]: applications = {}, ...own } = Object.fromEntries(
    entries.filter((entry) => !inSections(entry)),
  );
  const ofApplications = {
    ...place,
    table: APPLICATIONS,
    lineOf: (...keys: string[]) => place.lineOf(APPLICATIONS, ...keys),
  };
  return {
    given: readSettingTable(own, { ...place, table: '' }, KEYS, mistakes),
    applications: readApplicationTables(applications, ofApplications, mistakes),
    sections: readSections(Object.fromEntries(entries.filter(inSections)), place, mistakes),
    mistakes,
  };
}

function readSections(tables: Record<string, unknown>, place: Place, mistakes: string[]): Sections {
  const { shown, directory, lineOf } = place;
  const spot = { file: shown, directory, path: [], lineOf: (path: readonly string[]) => lineOf(...path) };
  return readSection(sections, tables, spot, mistakes) ?? UNREADABLE_SECTIONS;
}

/** Of the key itself, or of the nearest table around it. */
function lineAt(lines: ReadonlyMap<string, number>, path: readonly string[]): number {
  for (let depth = path.length; depth > 0; depth--) {
    const line = lines.get(path.slice(0, depth).join('\0'));
    if (line !== undefined) return line;
  }
  return 1;
}

function reasonOf(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return 'there is no such file';
  if (code === 'EACCES') return 'permission denied';
  if (code === 'EISDIR') return 'it is a directory';
  return message;
}

function tableAt(document: unknown, keys: readonly string[]): Record<string, unknown> | undefined {
  let table = document;
  for (const key of keys) table = isTable(table) ? table[key] : undefined;
  return isTable(table) ? table : undefined;
}
