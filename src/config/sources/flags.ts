/**
 * The command line as a source: `--name VALUE`, `--name=VALUE`, switches as `--name` and `--no-name`, settings
 * that may be repeated, and one TARGET. `--` ends the flags.
 */
import { closest } from '../../base/closest.ts';
import { environmentName, isSwitch } from '../setting.ts';
import { isSettingName, type SettingName, settingNames, settings } from '../settings/table.ts';
import type { Given, Source } from './given.ts';
import { ofOthers } from './meant.ts';

export interface Flags extends Source {
  readonly target: string | null;
  /** Those of the command's own switches that are there, such as `json`. */
  readonly switches: ReadonlySet<string>;
}

/** `ownSwitches` are those of the command itself; they are no settings. */
export function readFlags(
  argv: readonly string[],
  directory: string,
  ownSwitches: readonly string[] = [],
): Flags {
  const given = new Map<string, Given>();
  const mistakes: string[] = [];
  const targets: string[] = [];
  const switches = new Set<string>();
  const rest = [...argv];

  const give = (name: SettingName, key: string | null, raw: unknown) => {
    const id = key === null ? name : `${name} ${key}`;
    const earlier = given.get(id)?.raw;
    const all = settings[name].shape === 'list' && Array.isArray(earlier) ? [...earlier, raw] : [raw];
    const value = settings[name].shape === 'list' ? all : raw;
    given.set(id, { name, key, raw: value, origin: { kind: 'flag', flag: `--${name}` }, directory });
  };

  while (rest.length > 0) {
    const argument = rest.shift()!;
    if (argument === '--') {
      targets.push(...rest.splice(0));
    } else if (!argument.startsWith('-') || argument === '-') {
      targets.push(argument);
    } else {
      const [, word = '', inline = null] = /^([^=]*)(?:=(.*))?$/s.exec(argument)!;
      const name = word.replace(/^--/, '');
      if (ownSwitches.includes(name) && word.startsWith('--')) switches.add(name);
      else mistakes.push(...readFlag(word, inline, rest, give, ownSwitches));
    }
  }
  if (targets.length > 1) {
    const found = targets.map((target) => JSON.stringify(target)).join(' and ');
    mistakes.push(`TARGET: found ${found}; allowed: one`);
  }
  return { given: [...given.values()], mistakes, target: targets[0] ?? null, switches };
}

type Give = (name: SettingName, key: string | null, raw: unknown) => void;

/** Reads the flag `word`, taking its arguments from `rest`. Returns what is wrong with it. */
function readFlag(
  word: string,
  inline: string | null,
  rest: string[],
  give: Give,
  ownSwitches: readonly string[],
): string[] {
  const name = word.replace(/^--/, '');
  const positive = name.replace(/^no-/, '');
  if (word.startsWith('--no-') && isSettingName(positive) && isSwitch(settings[positive].type)) {
    if (inline !== null) return [`${word}: found ${JSON.stringify(inline)}; allowed: no argument`];
    give(positive, null, false);
    return [];
  }
  if (!word.startsWith('--') || !isSettingName(name)) {
    const meant = closestFlag(word, ownSwitches);
    // Its arguments go with it, so that they are not taken for TARGETs.
    if (meant !== null && inline === null) takeArguments(argumentCount(meant), rest);
    return [`${word}: no such option${meant === null ? '' : `; did you mean ${meant}?`}`];
  }
  const { shape, type, placeholder } = settings[name];
  if (isSwitch(type)) {
    give(name, null, inline === null ? true : type.fromText(inline));
    return [];
  }
  const wanted = argumentCount(word);
  const values = inline === null ? takeArguments(wanted, rest) : [inline, ...takeArguments(wanted - 1, rest)];
  if (values.length < wanted) {
    const found = values.length === 0 ? 'nothing' : `only ${JSON.stringify(values[0])}`;
    return [`${word}: found ${found} after it; allowed: ${word} ${placeholder}`];
  }
  if (shape === 'map') give(name, values[0]!, type.fromText(values[1]!));
  else give(name, null, type.fromText(values[0]!));
  return [];
}

function argumentCount(flag: string): number {
  const name = flag.replace(/^--/, '');
  if (!isSettingName(name) || isSwitch(settings[name].type)) return 0;
  return settings[name].shape === 'map' ? 2 : 1;
}

function takeArguments(count: number, rest: string[]): string[] {
  const end = rest.findIndex((argument) => argument.startsWith('--'));
  return rest.splice(0, Math.min(count, end < 0 ? rest.length : end));
}

function closestFlag(word: string, ownSwitches: readonly string[]): string | null {
  const known = [...settingNames, ...ownSwitches, 'help'].map((name) => `--${name}`);
  const negated = settingNames.filter((name) => isSwitch(settings[name].type)).map((name) => `--no-${name}`);
  const bare = word.replace(/^-+/, '');
  const own = settingNames.find((name) => environmentName(name) === bare) ?? ofOthers(bare);
  return own === null ? closest(word, [...known, ...negated]) : `--${own}`;
}
