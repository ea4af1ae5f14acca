/** A command in the place of a WSGI application: where it finds its socket, and whether its program is there. */
import { delimiter, dirname, resolve } from 'node:path';
import type { CommandTarget } from '../configuration.ts';
import { executable, FROM_PATH, onPath } from './interpreter.ts';

/** What stands in a command for what is known when it is started. */
const PLACEHOLDERS: Readonly<Record<string, CommandTarget['socket'] | null>> = {
  fd: 'inherited',
  socket: 'path',
  port: 'port',
  worker: null,
};
const PLACEHOLDER = /\{\{|\{([A-Za-z][\w.:-]*)\}/g;

export type ParsedCommand =
  | { readonly socket: CommandTarget['socket'] }
  /** What follows the place in the message. */
  | { readonly mistake: string };

/** How its processes come by their socket. */
export function parseCommand(argv: readonly string[]): ParsedCommand {
  const names = argv.flatMap((word) => [...word.matchAll(PLACEHOLDER)].flatMap(([, name]) => name ?? []));
  const unknown = names.find((name) => !Object.hasOwn(PLACEHOLDERS, name));
  if (unknown !== undefined)
    return { mistake: `found {${unknown}}; allowed: ${listed()}, and {{ for a brace` };
  const sockets = [...new Set(names.filter((name) => PLACEHOLDERS[name] !== null))];
  if (sockets.length > 1)
    return { mistake: `found ${sockets.map((name) => `{${name}}`).join(' and ')}; allowed: one of them` };
  // Without any it has to ask LISTEN_FDS, as systemd's services do.
  return { socket: PLACEHOLDERS[sockets[0] ?? 'fd']! };
}

function listed(): string {
  return Object.keys(PLACEHOLDERS)
    .map((name) => `{${name}}`)
    .join(', ');
}

/**
 * Where programs are looked for: beside the Python of the application first, as in an active virtual environment. One that
 * was found on PATH changes nothing of its order.
 */
export function searchPath(
  { interpreter, from }: { readonly interpreter: string; readonly from: string },
  path = '/usr/local/bin:/usr/bin:/bin',
): string {
  const own = dirname(interpreter);
  const folders = path.split(delimiter);
  if (from === FROM_PATH && folders.includes(own)) return path;
  return [own, ...folders.filter((folder) => folder !== own)].join(delimiter);
}

/** Its absolute path, or what is wrong. */
export function findProgram(
  program: string,
  workingDirectory: string,
  path: string,
): { readonly path: string } | { readonly mistake: string } {
  const found = program.includes('/')
    ? executable(resolve(workingDirectory, program))
    : onPath(program, path);
  if (found !== null) return { path: found };
  const where = program.includes('/') ? 'there is no such program' : `no such program in ${path}`;
  return { mistake: `found ${JSON.stringify(program)}; ${where}` };
}
