/**
 * The file as a source: vivarium.toml, or [tool.vivarium] in pyproject.toml. Keys are the names of the flags
 * without their dashes; a setting with two arguments is a table.
 */
import { readFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { closest } from '../../base/closest.ts';
import { displayPath, quote } from '../origin.ts';
import { isSettingName, settingNames, settings } from '../settings/table.ts';
import type { Given, Source } from './given.ts';
import { findKeyLines } from './toml-lines.ts';

const PYPROJECT_TABLE = ['tool', 'vivarium'];

/** `path` is absolute; messages call the file as it is called from `cwd`. */
export function readConfigurationFile(path: string, cwd: string): Source {
  const shown = displayPath(path, cwd);
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (error) {
    return { given: [], mistakes: [`${shown}: cannot read this configuration file: ${reasonOf(error)}`] };
  }
  let document: unknown;
  try {
    document = parse(content);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '');
    return { given: [], mistakes: [`${shown}:${error.line}: not valid TOML: ${reason}`] };
  }
  const prefix = basename(path) === 'pyproject.toml' ? PYPROJECT_TABLE : [];
  const lines = findKeyLines(content);
  const lineOf = (...keys: string[]) => lines.get([...prefix, ...keys].join('\0')) ?? 1;
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

function readTable(table: unknown, place: Place): Source {
  const given: Given[] = [];
  const mistakes: string[] = [];
  if (table === undefined) mistakes.push(`${place.shown}: has no table [${PYPROJECT_TABLE.join('.')}]`);
  for (const [name, raw] of Object.entries(table ?? {})) {
    const line = place.lineOf(name);
    if (!isSettingName(name) || settings[name].notInFile) {
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
  return { given, mistakes };

  function origin(line: number) {
    return { kind: 'file', file: place.shown, line } as const;
  }
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
  const meant = closest(name.replaceAll('_', '-'), settingNames);
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
