/** A terminal that remembers what a command says, and a command line that runs on it. */
import { runCommandLine } from '../../src/cli/commands.ts';
import type { Terminal } from '../../src/cli/terminal.ts';
import type { Screen } from '../../src/cli/top/screen.ts';
import { newInstance } from '../../src/config/instance.ts';

export interface Said {
  readonly status: number;
  /** On standard output. */
  readonly printed: string;
  /** On standard error. */
  readonly told: string;
}

export interface Circumstances {
  readonly cwd?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly columns?: number;
  readonly hasColor?: boolean;
  readonly screen?: Screen;
  /** What is typed without echo, one after the other. Without it there is no terminal. */
  readonly secrets?: readonly string[];
  /** The first line of standard input. */
  readonly input?: string;
}

export async function runCommand(argv: readonly string[], circumstances: Circumstances = {}): Promise<Said> {
  const { cwd = '/', environment = {}, columns = 100, hasColor = false, screen = null } = circumstances;
  const secrets = [...(circumstances.secrets ?? [])];
  let printed = '';
  let told = '';
  const terminal: Terminal = {
    columns,
    hasColor,
    openScreen: () => screen,
    gone: new AbortController().signal,
    readSecret: async () => secrets.shift() ?? null,
    readFirstLine: () => circumstances.input ?? '',
    print: (text) => {
      printed += text;
    },
    tell: (text) => {
      told += text;
    },
  };
  const ours = { PATH: process.env.PATH, HOME: process.env.HOME, ...environment };
  const status = await runCommandLine(argv, { terminal, environment: ours, cwd, instance: newInstance() });
  return { status, printed, told };
}
