/** What the commands that talk to a running server share: how they find it, ask it, and say what failed. */
import { resolve } from 'node:path';
import { askServer, ControlError } from '../control/client.ts';
import type { ControlRequest, LastAnswer, ServerEvent } from '../control/protocol.ts';
import { findInstances, registryDirectories } from '../control/registry.ts';
import { type Command, type CommandContext, FAILED, MISUSED, OK } from './command.ts';
import { ControlMistake, type ControlOptions, readControlOptions, theOnly } from './control-options.ts';

export type Success = Extract<LastAnswer, { ok: true }>;
type Failure = Extract<LastAnswer, { ok: false }>;

/** What a command asks, and what it does with the answer. */
export interface Conversation {
  /** May throw ControlMistake. */
  request(options: ControlOptions): ControlRequest;
  /** Shows an answer that is not a failure. */
  print(answer: Success, options: ControlOptions): void;
  /** What --json prints of it; null: nothing. */
  json(answer: Success): unknown;
  /** What happens meanwhile. */
  event?(event: ServerEvent, options: ControlOptions): void;
  /** The exit status of an answer that is not a failure; 0 when absent. */
  exitStatus?(answer: Success): number;
}

/** Asks the server that the options name. Returns the exit status. */
export function control(
  command: Command,
  argv: readonly string[],
  context: CommandContext,
  conversation: Conversation,
): Promise<number> {
  return withServer(command, argv, context, async (serverRoot, options) => {
    const { terminal } = context;
    const asJson = options.switches.has('json');
    const answer = await askServer(serverRoot, conversation.request(options), {
      progress: (text) => (asJson ? null : terminal.tell(`${printable(text)}\n`)),
      event: (event) => conversation.event?.(event, options),
      abandon: terminal.gone,
    });
    if (asJson) printJson(context, answer.ok ? conversation.json(answer) : failureOf(answer));
    else if (answer.ok) conversation.print(answer, options);
    else terminal.tell(formatFailure(command, answer));
    if (!answer.ok) return FAILED;
    return conversation.exitStatus?.(answer) ?? OK;
  });
}

/** Finds the server, and says what `talk` throws. Returns the exit status. */
export async function withServer(
  command: Command,
  argv: readonly string[],
  { terminal, environment, cwd }: CommandContext,
  talk: (serverRoot: string, options: ControlOptions) => Promise<number>,
): Promise<number> {
  try {
    const options = readControlOptions(argv, command.switches);
    const directories = registryDirectories(environment.XDG_RUNTIME_DIR, process.getuid!());
    const named = options.values.get('server-root');
    const serverRoot = named === undefined ? theOnly(findInstances(directories)) : resolve(cwd, named);
    return await talk(serverRoot, options);
  } catch (error) {
    if (!(error instanceof ControlError || error instanceof ControlMistake)) throw error;
    // Like any program whose reader has seen enough.
    if (terminal.gone.aborted) return OK;
    terminal.tell(`vivarium ${command.name}: ${printable(error.message)}\n`);
    return error instanceof ControlMistake ? MISUSED : FAILED;
  }
}

function printJson({ terminal }: CommandContext, value: unknown): void {
  if (value !== null) terminal.print(`${JSON.stringify(value, null, 2)}\n`);
}

/** What --json prints of an answer that is only a word about how it went. */
export function outcomeOf({ done: _, ...rest }: Success): object {
  return rest;
}

function failureOf({ done: _, ...rest }: Failure): object {
  return rest;
}

function formatFailure({ name }: Command, { why, traceback }: Failure): string {
  // What is wrong with an application may be one line, which the reason ends in.
  const isTold = !traceback || why.endsWith(traceback.trimEnd());
  const detail = isTold ? '' : `${printable(traceback).trimEnd()}\n`;
  return `vivarium ${name}: ${printable(why)}\n${detail}`;
}

/** Text from a server or its application must not move the terminal's cursor. */
export function printable(text: string): string {
  return text.replace(
    /[\0-\x08\x0b-\x1f\x7f-\x9f]/g,
    (c) => `\\x${c.charCodeAt(0).toString(16).padStart(2, '0')}`,
  );
}
