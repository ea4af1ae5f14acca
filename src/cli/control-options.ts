/** The options of commands that talk to a running server, and which server they mean. */
import { closest } from '../base/closest.ts';
import { ControlError } from '../control/client.ts';
import type { Instance } from '../control/registry.ts';

/** The options of every such command. */
export const CONTROL_SWITCHES: Readonly<Record<string, string>> = {
  'server-root DIRECTORY': 'the server to talk to; not needed when only one of yours is running',
  json: 'print JSON',
};

export interface ControlOptions {
  /** Those without a value, `json` and the like. */
  readonly switches: ReadonlySet<string>;
  /** The others, such as `server-root`. */
  readonly values: ReadonlyMap<string, string>;
}

/** The command line cannot be followed. The message is for the operator. */
export class ControlMistake extends Error {
  override readonly name = 'ControlMistake';
}

/** `known` has what stands behind an option that takes a value: "server-root DIRECTORY". Throws ControlMistake. */
export function readControlOptions(
  argv: readonly string[],
  known: Readonly<Record<string, string>>,
): ControlOptions {
  const usages = new Map([...Object.keys(known), 'help'].map((usage) => [usage.split(' ')[0]!, usage]));
  const switches = new Set<string>();
  const values = new Map<string, string>();
  const rest = [...argv];
  while (rest.length > 0) {
    const argument = rest.shift()!;
    const [, name = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    const usage = usages.get(name);
    if (usage?.includes(' ')) {
      const value = inline ?? rest.shift() ?? '';
      if (value === '') throw new ControlMistake(`--${name}: found nothing after it; allowed: --${usage}`);
      values.set(name, value);
    } else if (usage !== undefined && inline === undefined) {
      switches.add(name);
    } else {
      const names = [...usages.keys()].map((one) => `--${one}`);
      const meant = closest(argument, names);
      const hint = meant === null ? `allowed: ${names.join(', ')}` : `did you mean ${meant}?`;
      throw new ControlMistake(`found ${JSON.stringify(argument)}; ${hint}`);
    }
  }
  return { switches, values };
}

/** The first argument that is no option, and not the value of one, and the others. Null: there is none. */
export function takeArgument(
  argv: readonly string[],
  known: Readonly<Record<string, string>> = CONTROL_SWITCHES,
): [argument: string | null, options: readonly string[]] {
  const valued = Object.keys(known).flatMap((usage) =>
    usage.includes(' ') ? `--${usage.split(' ')[0]}` : [],
  );
  const at = argv.findIndex((one, i) => !one.startsWith('--') && !valued.includes(argv[i - 1] ?? ''));
  return at < 0 ? [null, argv] : [argv[at]!, argv.filter((_, i) => i !== at)];
}

/** A whole number, `fallback` when the option is not there. Throws ControlMistake. */
export function readCount({ values }: ControlOptions, name: string, fallback: number, max: number): number {
  const found = values.get(name);
  if (found === undefined) return fallback;
  const count = /^\d+$/.test(found) ? Number(found) : Number.NaN;
  if (count <= max) return count;
  throw new ControlMistake(
    `--${name}: found ${JSON.stringify(found)}; allowed: a whole number from 0 to ${max}`,
  );
}

/** The server root of the only server there is. Throws ControlError and ControlMistake. */
export function theOnly(instances: readonly Instance[]): string {
  if (instances.length === 1) return instances[0]!.serverRoot;
  if (instances.length === 0)
    throw new ControlError(
      'no server of yours is running; one of another user needs --server-root DIRECTORY',
    );
  const list = instances
    .map(({ pid, serverRoot }) => `\n  --server-root ${serverRoot}  (pid ${pid})`)
    .join('');
  throw new ControlMistake(`${instances.length} servers are running; name one of them:${list}`);
}
