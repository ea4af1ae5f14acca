/** What the commands that talk to a running server share: their options, how they find it, and how they say what failed. */
import { resolve } from 'node:path';
import { closest } from '../base/closest.ts';
import { askServer, ControlError } from '../control/client.ts';
import type { ControlRequest, LastAnswer } from '../control/protocol.ts';
import { findInstances, type Instance, registryDirectories } from '../control/registry.ts';
import { type Command, type CommandContext, FAILED, MISUSED, OK } from './command.ts';

type Success = Extract<LastAnswer, { ok: true }>;
type Failure = Extract<LastAnswer, { ok: false }>;

const SERVER_ROOT = 'server-root DIRECTORY';

/** The options of every such command. */
export const CONTROL_SWITCHES: Readonly<Record<string, string>> = {
  [SERVER_ROOT]: 'the server to talk to; not needed when only one of yours is running',
  json: 'print JSON',
};

export interface ControlOptions {
  readonly serverRoot: string | null;
  /** `json` and the like. */
  readonly switches: ReadonlySet<string>;
}

/** Throws ControlMistake. */
export function readControlOptions(argv: readonly string[], { switches: known }: Command): ControlOptions {
  const names = [...Object.keys(known).map((name) => name.split(' ')[0]!), 'help'];
  const switches = new Set<string>();
  let serverRoot: string | null = null;
  const rest = [...argv];
  while (rest.length > 0) {
    const argument = rest.shift()!;
    const [, name = '', inline] = /^--([^=]*)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name === 'server-root') {
      serverRoot = inline ?? rest.shift() ?? '';
      if (serverRoot === '')
        throw new ControlMistake('--server-root: found nothing after it; allowed: --server-root DIRECTORY');
    } else if (names.includes(name) && inline === undefined) {
      switches.add(name);
    } else {
      const meant = closest(
        argument,
        names.map((one) => `--${one}`),
      );
      const allowed = names.map((one) => `--${one}`).join(', ');
      throw new ControlMistake(
        `found ${JSON.stringify(argument)}; ${meant === null ? `allowed: ${allowed}` : `did you mean ${meant}?`}`,
      );
    }
  }
  return { serverRoot, switches };
}

/** The command line cannot be followed. The message is for the operator. */
export class ControlMistake extends Error {
  override readonly name = 'ControlMistake';
}

/** Asks the server that the options name. Returns the exit status; `print` shows an answer that is not a failure, `jsonOf` is what --json prints of one. */
export async function control(
  command: Command,
  argv: readonly string[],
  { terminal, environment, cwd }: CommandContext,
  requestFor: (options: ControlOptions) => ControlRequest,
  print: (answer: Success) => void,
  jsonOf: (answer: Success) => unknown = ({ status, done: _, ...rest }) => status ?? rest,
): Promise<number> {
  try {
    const options = readControlOptions(argv, command);
    const directories = registryDirectories(environment.XDG_RUNTIME_DIR, process.getuid!());
    const serverRoot =
      options.serverRoot === null ? theOnly(findInstances(directories)) : resolve(cwd, options.serverRoot);
    const asJson = options.switches.has('json');
    const progress = (text: string) => terminal.tell(`${printable(text)}\n`);
    const answer = await askServer(serverRoot, requestFor(options), asJson ? undefined : progress);
    if (asJson)
      terminal.print(`${JSON.stringify(answer.ok ? jsonOf(answer) : failureOf(answer), null, 2)}\n`);
    else if (answer.ok) print(answer);
    else terminal.tell(formatFailure(command, answer));
    return answer.ok ? OK : FAILED;
  } catch (error) {
    if (!(error instanceof ControlError || error instanceof ControlMistake)) throw error;
    terminal.tell(`vivarium ${command.name}: ${printable(error.message)}\n`);
    return error instanceof ControlMistake ? MISUSED : FAILED;
  }
}

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

function failureOf({ done: _, ...rest }: Failure): object {
  return rest;
}

function formatFailure({ name }: Command, { why, traceback }: Failure): string {
  const detail = traceback ? `${printable(traceback).trimEnd()}\n` : '';
  return `vivarium ${name}: ${printable(why)}\n${detail}`;
}

/** Text from a server or its application must not move the terminal's cursor. */
export function printable(text: string): string {
  return text.replace(
    /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
