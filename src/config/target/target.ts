/** What TARGET means: a directory to look in, a script, a module, or a module and the callable in it. */
import { existsSync, statSync } from 'node:fs';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { CommandTarget, WsgiTarget } from '../configuration.ts';

export type Target = WsgiTarget | CommandTarget;

export interface NamedApplication {
  readonly target: WsgiTarget;
  /** Its working directory unless the settings name another. */
  readonly directory: string;
}

export type ParsedTarget =
  | { readonly kind: 'directory'; readonly path: string }
  | ({ readonly kind: 'application' } & NamedApplication)
  /** What follows the place in the message. */
  | { readonly kind: 'mistake'; readonly mistake: string };

const NAME = /[^\W\d]\w*/u.source;
/** With parentheses it is a factory: the application is what it returns. */
const CALLABLE = `${NAME}(?:\\.${NAME})*(?:\\(\\))?`;
const MODULE = new RegExp(`^(${NAME}(?:\\.${NAME})*)(?::(${CALLABLE}))?$`, 'u');
const PYTHON_FILE = new RegExp(`^(.+):(${CALLABLE})$`, 'u');

/** `directory` is what a relative TARGET is relative to, and where modules are imported from. */
export function parseTarget(text: string, directory: string): ParsedTarget {
  const path = resolve(directory, text);
  const isPackage = MODULE.test(text) && existsSync(join(path, '__init__.py'));
  const kind = kindOf(path);
  if (kind === 'directory' && !isPackage) return { kind: 'directory', path };
  if (kind === 'file') return script(path, null);

  const [, file, callable] = PYTHON_FILE.exec(text) ?? [];
  if (file !== undefined && kindOf(resolve(directory, file)) === 'file') {
    return script(resolve(directory, file), callable!);
  }
  const [, module, attribute = null] = MODULE.exec(text) ?? [];
  if (module === undefined || module.endsWith('.py')) {
    const isFile = text.includes('/') || text.includes('.py');
    const what = isFile ? `; there is no file ${file ?? path}` : ', which is none of these';
    const allowed =
      'allowed: a directory, a file, package.module, package.module:callable or package.module:factory()';
    return { kind: 'mistake', mistake: `found ${JSON.stringify(text)}${what}; ${allowed}` };
  }
  return { kind: 'application', target: { kind: 'module', module, callable: attribute }, directory };
}

function script(path: string, callable: string | null): ParsedTarget {
  if (extname(path) === '.toml') {
    const mistake = `found ${JSON.stringify(path)}, which is no Python file; use --config for a configuration file`;
    return { kind: 'mistake', mistake };
  }
  return { kind: 'application', target: { kind: 'script', path, callable }, directory: dirname(path) };
}

/** A short name for logs: the top package, the directory of the script, or the program. */
export function applicationName(target: Target): string {
  if (target.kind === 'command') return basename(target.argv[0]!);
  if (target.kind === 'module') return target.module.split('.')[0]!;
  return basename(dirname(target.path)) || basename(target.path, extname(target.path));
}

export function kindOf(path: string): 'file' | 'directory' | null {
  const stats = statSync(path, { throwIfNoEntry: false, bigint: false });
  if (stats === undefined) return null;
  return stats.isDirectory() ? 'directory' : 'file';
}
