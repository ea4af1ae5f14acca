/** The Pythons of this machine that the worker must run on, one of each minor version, oldest first. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';

export interface Interpreter {
  readonly path: string;
  readonly version: string;
}

const OLDEST_MINOR = 9;
const NEWEST_MINOR = 14;

export function findInterpreters(): Interpreter[] {
  const pyenv = `${process.env.PYENV_ROOT ?? `${homedir()}/.pyenv`}/versions`;
  const candidates = ['python3', '/usr/bin/python3'];
  for (let minor = OLDEST_MINOR; minor <= NEWEST_MINOR; minor++) candidates.push(`python3.${minor}`);
  if (existsSync(pyenv)) candidates.push(...readdirSync(pyenv).map((name) => `${pyenv}/${name}/bin/python`));

  const byMinor = new Map<number, Interpreter>();
  for (const path of candidates) {
    const { stdout } = spawnSync(path, ['-c', 'import platform; print(platform.python_version())'], {
      encoding: 'utf8',
    });
    const [, version, minor] = /^(3\.(\d+)\.\S+)/.exec(stdout ?? '') ?? [];
    if (version === undefined || Number(minor) < OLDEST_MINOR || byMinor.has(Number(minor))) continue;
    byMinor.set(Number(minor), { path, version });
  }
  return [...byMinor].sort(([a], [b]) => a - b).map(([, interpreter]) => interpreter);
}
