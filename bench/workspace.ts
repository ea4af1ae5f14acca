/** The directory of one run: copies of the applications, the static files, and what each stack needs. */
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { STATIC_FILES } from './cases.ts';

const APPS = fileURLToPath(new URL('./apps', import.meta.url));
const BACKLOG_MAX = 4096;

export interface Workspace {
  readonly directory: string;
  readonly appsDirectory: string;
  readonly staticDirectory: string;
  readonly backlog: number;
  remove(): void;
}

export function makeWorkspace(): Workspace {
  const directory = mkdtempSync(join(tmpdir(), 'vivarium-bench-'));
  // Servers that are started as root read from it as another user.
  chmodSync(directory, 0o755);
  const appsDirectory = join(directory, 'apps');
  cpSync(APPS, appsDirectory, { recursive: true, filter: (path) => !path.includes('__pycache__') });
  const staticDirectory = join(directory, 'static');
  mkdirSync(staticDirectory);
  for (const [name, content] of Object.entries(STATIC_FILES))
    writeFileSync(join(staticDirectory, name), content);
  const kernelBacklog = Number(readFileSync('/proc/sys/net/core/somaxconn', 'utf8'));
  return {
    directory,
    appsDirectory,
    staticDirectory,
    backlog: Math.min(kernelBacklog, BACKLOG_MAX),
    remove: () => rmSync(directory, { recursive: true, force: true }),
  };
}
