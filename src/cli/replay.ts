/** `vivarium replay`: sends recorded requests again and compares the answers. */
import { resolve } from 'node:path';
import { closest } from '../base/closest.ts';
import { type Command, type CommandContext, FAILED, MISUSED, OK } from './command.ts';
import { printable } from './control-command.ts';
import { differences } from './replay/compare.ts';
import { findRecordings, RecordingError, readRecording } from './replay/recording.ts';
import { styled, type Terminal } from './terminal.ts';

const DEFAULT_URL = 'http://127.0.0.1:8000';

export const replay: Command = {
  name: 'replay',
  usage: '[--json] DIRECTORY [URL]',
  summary: 'send recorded requests again and compare the answers',
  description: [
    `Sends the requests that --enable-recorder has written to DIRECTORY to the server at URL (${DEFAULT_URL}), one` +
      ' after the other and in their order, and compares status, Content-Type, Location and body of each answer with' +
      ' what was recorded. Exit status 0: all are the same, 1: some are not.',
    'Requests have their effects again: forms are sent, orders are placed. Replay them against a server of your own.',
  ],
  switches: { json: 'print JSON, one object for each request' },
  takesSettings: false,
  run: runReplay,
};

interface Outcome {
  readonly key: string;
  readonly request: string;
  /** Null: no answer. */
  readonly status: number | null;
  readonly durationMs: number | null;
  readonly differences: readonly string[];
}

async function runReplay(argv: readonly string[], { terminal, cwd }: CommandContext): Promise<number> {
  const options = readOptions(argv);
  if ('mistake' in options) {
    terminal.tell(`vivarium replay: ${options.mistake}\n`);
    return MISUSED;
  }
  const directory = resolve(cwd, options.directory);
  try {
    let changed = 0;
    const keys = findRecordings(directory);
    for (const key of keys) {
      const outcome = await replayOne(directory, key, options.server);
      if (outcome.differences.length > 0) changed++;
      terminal.print(options.asJson ? `${JSON.stringify(outcome)}\n` : formatOutcome(outcome, terminal));
    }
    const total = `${keys.length} ${keys.length === 1 ? 'request' : 'requests'}`;
    if (!options.asJson)
      terminal.print(`${total}, ${changed === 0 ? 'all as before' : `${changed} different`}\n`);
    return changed === 0 ? OK : FAILED;
  } catch (error) {
    if (!(error instanceof RecordingError)) throw error;
    terminal.tell(`vivarium replay: ${printable(error.message)}\n`);
    return MISUSED;
  }
}

async function replayOne(directory: string, key: string, server: URL): Promise<Outcome> {
  const recording = readRecording(directory, key);
  const request = recording.request.startLine.replace(/ HTTP\/[\d.]+$/, '');
  // Not with the other commands: an HTTP client is megabytes that a running server need not hold.
  const { send } = await import('./replay/send.ts');
  try {
    const answer = await send(recording.request, server);
    const { status, durationMs } = answer;
    return { key, request, status, durationMs, differences: differences(recording, answer) };
  } catch (error) {
    const why = `no answer: ${(error as NodeJS.ErrnoException).code ?? (error as Error).message}`;
    return { key, request, status: null, durationMs: null, differences: [why] };
  }
}

function formatOutcome(outcome: Outcome, terminal: Terminal): string {
  const { request, status, durationMs, differences: found } = outcome;
  const duration = durationMs === null ? '' : `${durationMs.toFixed(1)} ms`;
  const line = `${String(status ?? '-').padStart(3)}  ${duration.padStart(9)}  ${printable(request)}\n`;
  if (found.length === 0) return line;
  return styled(terminal, 'bold', line) + found.map((one) => `     ${printable(one)}\n`).join('');
}

type Options = { readonly directory: string; readonly server: URL; readonly asJson: boolean };

function readOptions(argv: readonly string[]): Options | { readonly mistake: string } {
  const flags = argv.filter((one) => one.startsWith('-'));
  const [directory, url = DEFAULT_URL, ...surplus] = argv.filter((one) => !one.startsWith('-'));
  const unknown = flags.find((flag) => flag !== '--json');
  if (unknown !== undefined) {
    const meant = closest(unknown, ['--json', '--help']);
    return {
      mistake: `found ${JSON.stringify(unknown)}; ${meant === null ? 'allowed: --json' : `did you mean ${meant}?`}`,
    };
  }
  if (directory === undefined || surplus.length > 0)
    return { mistake: `found ${argv.length - flags.length} arguments; allowed: DIRECTORY [URL]` };
  const server = URL.parse(url);
  if (server === null || !/^https?:$/.test(server.protocol))
    return {
      mistake: `URL: found ${JSON.stringify(url)}; allowed: an http or https URL such as ${DEFAULT_URL}`,
    };
  return { directory, server, asJson: flags.includes('--json') };
}
