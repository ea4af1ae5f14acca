/**
 * Which Python runs the application: --python, --python-home, the active virtual environment, one beside the
 * application, python3 on PATH. Finding looks at files only; probing runs the interpreter once.
 */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { z } from 'zod';
import { askPython, type Python } from './ask-python.ts';

/** `from` of an interpreter that nothing but PATH has led to. */
export const FROM_PATH = 'python3 on PATH';
const OLDEST = { major: 3, minor: 9 };

export interface InterpreterWish {
  readonly python: string | null;
  readonly pythonHome: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where a virtual environment may be beside the application. */
  readonly directories: readonly string[];
}

export type FoundInterpreter =
  /** `from`: where it was found; null when the user named it. */
  { readonly path: string; readonly from: string | null } | { readonly mistake: string };

export function findInterpreter(wish: InterpreterWish): FoundInterpreter {
  const { python, pythonHome, environment, directories } = wish;
  const searchPath = environment.PATH ?? '/usr/local/bin:/usr/bin:/bin';
  if (python !== null) {
    const path = python.includes('/') ? executable(python) : onPath(python, searchPath);
    const place = python.includes('/') ? 'there is no such program' : `no such program in ${searchPath}`;
    return path === null
      ? { mistake: `python: found ${JSON.stringify(python)}; ${place}` }
      : { path, from: null };
  }
  if (pythonHome !== null) {
    const path = executable(join(pythonHome, 'bin/python')) ?? executable(join(pythonHome, 'bin/python3'));
    if (path !== null) return { path, from: 'python-home' };
    return { mistake: `python-home: found ${JSON.stringify(pythonHome)}; there is no bin/python in it` };
  }
  const homes = [
    ...(environment.VIRTUAL_ENV ? [{ home: environment.VIRTUAL_ENV, from: '$VIRTUAL_ENV' }] : []),
    ...directories.flatMap((directory) =>
      ['.venv', 'venv'].map((name) => ({
        home: join(directory, name),
        from: `${name} beside the application`,
      })),
    ),
  ];
  for (const { home, from } of homes) {
    const path = executable(join(home, 'bin/python'));
    if (path !== null) return { path, from };
  }
  const path = onPath('python3', searchPath);
  if (path !== null) return { path, from: FROM_PATH };
  const looked = homes.map(({ home }) => join(home, 'bin/python')).join(', ');
  return {
    mistake: `python: no interpreter found; looked for ${looked} and python3 in ${searchPath}; name one with --python or --python-home`,
  };
}

/** `sys.executable` is kept unresolved: it is how a virtual environment is recognized, and it sees through shims. */
const PROBE = `
import json, sys
print(json.dumps({"version": "%d.%d.%d" % sys.version_info[:3], "executable": sys.executable}))
`;
const Probed = z.object({ version: z.string().regex(/^\d+\.\d+\.\d+$/), executable: z.string() });

export type ProbedInterpreter =
  | { readonly path: string; readonly version: string }
  | { readonly mistake: string };

export async function probeInterpreter(python: Python): Promise<ProbedInterpreter> {
  const named = `python: found ${JSON.stringify(python.interpreter)}`;
  const answer = await askPython(python, PROBE);
  if ('failure' in answer) return { mistake: `${named}, which does not work: ${answer.failure}` };
  const probed = Probed.safeParse(answer.value);
  if (!probed.success) return { mistake: `${named}, which is no Python interpreter` };
  const { version, executable: self } = probed.data;
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST.major || (major === OLDEST.major && minor < OLDEST.minor)) {
    const allowed = `allowed: ${OLDEST.major}.${OLDEST.minor} or later`;
    return { mistake: `${named}, which is Python ${version}; ${allowed}` };
  }
  return { path: self || python.interpreter, version };
}

export function onPath(name: string, searchPath: string): string | null {
  for (const directory of searchPath.split(delimiter)) {
    const path = executable(join(directory || '.', name));
    if (path !== null) return path;
  }
  return null;
}

export function executable(path: string): string | null {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : null;
  } catch {
    return null;
  }
}
