/** Where the application and its configuration file are, judged from the command line and the environment alone. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { hasVivariumTable } from './sources/file.ts';
import type { ParsedTarget } from './target/target.ts';

export interface Place {
  /** The directory that TARGET names or is in, else the current one. */
  readonly directory: string;
  /** Absolute; null when there is none. */
  readonly configurationFile: string | null;
  /** What was looked for, for the message when no application is found. */
  readonly looked: readonly string[];
}

/** `target`: the application that flags or environment name. `config`: the file they name. */
export function findPlace(target: ParsedTarget | null, config: string | null, cwd: string): Place {
  const directory = directoryOf(target, cwd);
  if (config !== null) return { directory, configurationFile: config, looked: [`${config}: names none`] };
  const own = join(directory, 'vivarium.toml');
  const shared = join(directory, 'pyproject.toml');
  const hasOwn = existsSync(own);
  const hasShared = !hasOwn && existsSync(shared) && hasVivariumTable(shared);
  return {
    directory,
    configurationFile: hasOwn ? own : hasShared ? shared : null,
    looked: [
      `vivarium.toml: ${hasOwn ? 'there, but names no application' : 'not there'}`,
      `pyproject.toml: ${sharedState(shared, hasShared)}`,
    ],
  };
}

function directoryOf(target: ParsedTarget | null, cwd: string): string {
  if (target?.kind === 'directory') return target.path;
  if (target?.kind === 'application' && target.target.kind === 'script') return dirname(target.target.path);
  return cwd;
}

function sharedState(path: string, hasTable: boolean): string {
  if (!existsSync(path)) return 'not there';
  return hasTable ? 'there, but [tool.vivarium] names no application' : 'there, but has no [tool.vivarium]';
}
