/**
 * The environment as a source: VIVARIUM_THREADS is --threads. Lists and maps are separated by commas, or by line
 * breaks when there are any, which lets an item hold a comma; an entry of a map is NAME=VALUE. An empty variable
 * counts as unset, because that is how compose files and unit files unset one.
 */
import { closest } from '../../base/closest.ts';
import { environmentName } from '../setting.ts';
import { type SettingName, settingNames, settings } from '../settings/table.ts';
import type { Given, Source } from './given.ts';

const PREFIX = 'VIVARIUM_';
const nameOf = new Map(settingNames.map((name) => [environmentName(name), name]));

export function readEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
  directory: string,
): Source {
  const given: Given[] = [];
  const mistakes: string[] = [];
  for (const [variable, content] of Object.entries(environment)) {
    if (!variable.startsWith(PREFIX) || content === undefined || content === '') continue;
    const name = nameOf.get(variable);
    if (name === undefined) {
      const meant = closest(variable, nameOf.keys());
      mistakes.push(`${variable}: no such setting${meant === null ? '' : `; did you mean ${meant}?`}`);
      continue;
    }
    const origin = { kind: 'environment', variable } as const;
    for (const [key, raw] of readVariable(name, content)) given.push({ name, key, raw, origin, directory });
  }
  return { given, mistakes };
}

function readVariable(name: SettingName, content: string): [key: string | null, raw: unknown][] {
  const { shape, type } = settings[name];
  if (shape === 'one') return [[null, type.fromText(content)]];
  const items = content
    .split(content.includes('\n') ? '\n' : ',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
  if (shape === 'list') return [[null, items.map(type.fromText)]];
  return items.map((item) => {
    const at = item.indexOf('=');
    // Without `=` there is no value: undefined, which no type allows.
    return at < 0 ? [item, undefined] : [item.slice(0, at), type.fromText(item.slice(at + 1))];
  });
}
