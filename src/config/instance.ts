/** What tells one server from others, whichever of its processes reads the configuration, and however often. */
import { randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Instance {
  readonly pid: number;
  /** Where its own files are unless a setting says so; nobody can have made it before. */
  readonly serverRoot: string;
}

export function newInstance(): Instance {
  return { pid: process.pid, serverRoot: join(tmpdir(), `vivarium-${randomBytes(6).toString('hex')}`) };
}
