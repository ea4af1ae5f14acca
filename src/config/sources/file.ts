/**
 * The file as a source: vivarium.toml, or [tool.vivarium] in pyproject.toml. Keys are the names of the flags
 * without their dashes; a setting with two arguments is a table.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { closest } from '../../base/closest.ts';
import { displayPath, quote } from '../origin.ts';
import { readSection } from '../read-section.ts';
import { DEFAULT_CACHE_STORE } from '../sections/cache-store.ts';
import { NO_FEATURES } from '../sections/features.ts';
import { isSectionName, type Sections, sections } from '../sections/table.ts';
import { isSettingName, settingNames, settings } from '../settings/table.ts';
import type { Given, Source } from './given.ts';
import { findKeyLines } from './toml-lines.ts';

const PYPROJECT_TABLE = ['tool', 'vivarium'];

/** The file also has sections, which no other source has. */
export interface FileSource extends Source {
  readonly sections: Sections;
}

export const NO_SECTIONS: Sections = {
  features: NO_FEATURES,
  routes: [],
  sites: [],
  files: null,
  certificates: [],
  cacheStore: DEFAULT_CACHE_STORE,
};
const NOTHING = { given: [], sections: NO_SECTIONS };

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

function readTable(table: unknown, place: Place): FileSource {
  const given: Given[] = [];
  const mistakes: string[] = [];
  const sectionTables: Record<string, unknown> = {};
  if (table === undefined) mistakes.push(`${place.shown}: has no table [${PYPROJECT_TABLE.join('.')}]`);
  for (const [name, raw] of Object.entries(table ?? {})) {
    const line = place.lineOf(name);
    if (isSectionName(name)) {
      sectionTables[name] = raw;
    } else if (!isSettingName(name) || settings[name].notInFile) {
      mistakes.push(`${place.shown}:${line}: ${unknownKey(name)}`);
    } else if (settings[name].shape !== 'map') {
      const value = settings[name].shape === 'list' && typeof raw === 'string' ? [raw] : raw;
      given.push({ name, key: null, raw: value, origin: origin(line), directory: place.directory });
    } else if (!isTable(raw)) {
      mistakes.push(`${place.shown}:${line}: ${name}: found ${quote(raw)}; allowed: a table`);
    } else {
      for (const [key, entry] of Object.entries(raw)) {
        const at = origin(place.lineOf(name, key));
        given.push({ name, key, raw: entry, origin: at, directory: place.directory });
      }
    }
  }
  return { given, mistakes, sections: readSections(sectionTables, place, mistakes) };

  function origin(line: number) {
    return { kind: 'file', file: place.shown, line } as const;
  }
}

function readSections(tables: Record<string, unknown>, place: Place, mistakes: string[]): Sections {
  const { shown, directory, lineOf } = place;
  const spot = { file: shown, directory, path: [], lineOf: (path: readonly string[]) => lineOf(...path) };
  return readSection(sections, tables, spot, mistakes) ?? NO_SECTIONS;
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

function unknownKey(name: string): string {
  if (isSettingName(name)) return `${name}: cannot stand in the file; allowed: the flag --${name}`;
  const meant = closest(name.replaceAll('_', '-'), [...settingNames, ...Object.keys(sections.parts)]);
  return `${name}: no such setting${meant === null ? '' : `; did you mean ${meant}?`}`;
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function tableAt(document: unknown, keys: readonly string[]): Record<string, unknown> | undefined {
  let table = document;
  for (const key of keys) table = isTable(table) ? table[key] : undefined;
  return isTable(table) ? table : undefined;
}
