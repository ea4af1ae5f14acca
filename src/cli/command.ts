/** What a command of the command line is made of. */
import type { Instance } from '../config/instance.ts';
import type { SettingName } from '../config/settings/table.ts';
import type { Terminal } from './terminal.ts';

export interface CommandContext {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly instance: Instance;
}

export interface Command {
  readonly name: string;
  /** What stands behind the name in `Usage: vivarium NAME …`. */
  readonly usage: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** Paragraphs below the usage. */
  readonly description: readonly string[];
  /** Its own switches and what they do, with what stands behind one; `--help` goes without saying. */
  readonly switches: Readonly<Record<string, string>>;
  /** It also takes the flags of all settings. */
  readonly takesSettings: boolean;
  /** What it assumes of settings where `vivarium serve` assumes something else. */
  readonly ownDefaults?: Readonly<Partial<Record<SettingName, unknown>>>;
  /** Returns the exit status. */
  run(argv: readonly string[], context: CommandContext): Promise<number>;
}

/** Exit statuses. 1: the server could not run or could not do what it was asked for, or an error nobody foresaw. */
export const OK = 0;
export const FAILED = 1;
export const MISUSED = 2;
