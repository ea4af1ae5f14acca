/**
 * Reads a section (section.ts) from what the TOML parser made of the file. All mistakes are collected, each with file,
 * line, key, what was found and what is allowed; a section with a mistake is not built.
 */
import { closest } from '../base/closest.ts';
import { quote } from './origin.ts';
import { isNested, type Nested, type Part, type Section, type SectionPlace } from './section.ts';
import type { Setting } from './setting.ts';
import type { ValueType } from './value-types.ts';

/** Where a value stands in the document. */
export interface Spot {
  /** As people call the file. */
  readonly file: string;
  readonly directory: string;
  /** Keys from the top of the document; `#0` for the first of an array. */
  readonly path: readonly string[];
  lineOf(path: readonly string[]): number;
}

/** Undefined when there are mistakes, which are added to `mistakes`. */
export function readSection<B>(
  section: Section<B>,
  raw: unknown,
  spot: Spot,
  mistakes: string[],
): B | undefined {
  const before = mistakes.length;
  const table = asTable(section, raw);
  if (table === null) {
    mistakes.push(`${textOf(spot)}: found ${quote(raw)}; allowed: ${allowedOf(section)}`);
    return undefined;
  }
  for (const key of Object.keys(table)) {
    if (Object.hasOwn(section.parts, key)) continue;
    const meant = closest(key.replaceAll('_', '-'), Object.keys(section.parts));
    mistakes.push(
      `${textOf(below(spot, key))}: no such key${meant === null ? '' : `; did you mean ${meant}?`}`,
    );
  }
  for (const key of section.required)
    if (!Object.hasOwn(table, key)) mistakes.push(`${textOf(spot)}: needs ${key}`);
  const values: Record<string, unknown> = {};
  for (const [key, part] of Object.entries(section.parts))
    values[key] = readPart(part, table[key], below(spot, key), mistakes);
  if (mistakes.length > before) return undefined;
  const built = section.build(values, placeOf(spot, mistakes));
  return mistakes.length > before ? undefined : built;
}

function asTable(section: Section, raw: unknown): Record<string, unknown> | null {
  if (isTable(raw)) return raw;
  if (raw === true && section.isSwitch) return {};
  if (section.short !== null && (typeof raw !== 'boolean' || !section.isSwitch))
    return { [section.short]: raw };
  return null;
}

function allowedOf(section: Section): string {
  return section.isSwitch ? 'true, false or a table' : 'a table';
}

function readPart(part: Part, raw: unknown, spot: Spot, mistakes: string[]): unknown {
  return isNested(part) ? readNested(part, raw, spot, mistakes) : readSetting(part, raw, spot, mistakes);
}

function readNested(
  { shape, section, canBeOff }: Nested,
  raw: unknown,
  spot: Spot,
  mistakes: string[],
): unknown {
  if (shape === 'nested') {
    if (raw === false && canBeOff) return false;
    if (raw === undefined || (raw === false && section.isSwitch)) return null;
    return readSection(section, raw, spot, mistakes);
  }
  if (shape === 'manyOf') {
    const items = raw === undefined ? [] : raw;
    if (!Array.isArray(items)) return refuse(spot, raw, 'an array of tables', mistakes);
    return items.map((item, i) => readSection(section, item, below(spot, `#${i}`), mistakes));
  }
  const tables = raw === undefined ? {} : raw;
  if (!isTable(tables)) return refuse(spot, raw, 'a table of tables, each under its name', mistakes);
  const named = Object.entries(tables).map(([name, item]) => [
    name,
    readSection(section, item, below(spot, name), mistakes),
  ]);
  return Object.fromEntries(named);
}

function readSetting(setting: Setting, raw: unknown, spot: Spot, mistakes: string[]): unknown {
  const { shape, type, keyType } = setting;
  if (raw === undefined) return setting.default;
  const check = <T>(as: ValueType<T>, value: unknown, at: Spot): T | undefined => {
    const checked = parseIn(as, value, spot.directory);
    return checked === undefined ? refuse(at, value, as.allowed, mistakes) : checked;
  };
  if (shape === 'one') return check(type, raw, spot);
  if (shape === 'list') {
    const items = Array.isArray(raw) ? raw : [raw];
    return items.map((item) => check(type, item, spot));
  }
  if (!isTable(raw)) return refuse(spot, raw, 'a table', mistakes);
  const entries = Object.entries(raw).map(([key, value]) => {
    const at = below(spot, key);
    return [check(keyType!, key, at), check(type, value, at)];
  });
  return Object.fromEntries(entries);
}

function refuse(spot: Spot, raw: unknown, allowed: string, mistakes: string[]): undefined {
  mistakes.push(`${textOf(spot)}: found ${quote(raw)}; allowed: ${allowed}`);
  return undefined;
}

/** Validates, resolves a relative path, and validates what came of it: a path can become too long. */
export function parseIn<T>(type: ValueType<T>, raw: unknown, directory: string): T | undefined {
  const parsed = type.schema.safeParse(raw);
  if (!parsed.success) return undefined;
  if (type.resolveIn === undefined) return parsed.data;
  const resolved = type.schema.safeParse(type.resolveIn(parsed.data, directory));
  return resolved.success ? resolved.data : undefined;
}

function placeOf(spot: Spot, mistakes: string[]): SectionPlace {
  return {
    text: textOf(spot),
    directory: spot.directory,
    refuse: (key, found, allowed) => {
      const at = key === null ? spot : below(spot, key);
      mistakes.push(`${textOf(at)}: found ${found}; allowed: ${allowed}`);
    },
  };
}

function below(spot: Spot, key: string): Spot {
  return { ...spot, path: [...spot.path, key] };
}

/** `vivarium.toml:7: sites[0].compress`: arrays are counted from 0, as in every language of a configuration. */
function textOf({ file, path, lineOf }: Spot): string {
  const name = path.reduce(
    (text, key) => (key.startsWith('#') ? `${text}[${key.slice(1)}]` : `${text}${text && '.'}${shown(key)}`),
    '',
  );
  return `${file}:${lineOf(path)}: ${name}`;
}

function shown(key: string): string {
  return /^[\w-]+$/.test(key) ? key : quote(key);
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
