/** Defaults that depend on this machine. `availableParallelism` knows affinity masks, and not every kind of quota. */
import { randomBytes } from 'node:crypto';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { cpuQuota } from '../base/cgroup.ts';
import type { SettingName } from './settings/table.ts';
import type { Given } from './sources/given.ts';

const DEFAULT_PROCESSES_MAX = 4;
/** Once for the process: a reload reads the configuration again, and the server root is what it was. */
const FRESH_SERVER_ROOT = join(tmpdir(), `vivarium-${randomBytes(6).toString('hex')}`);

export function machineDefaults(logDirectory: string | null): Given[] {
  const values: [SettingName, unknown][] = [
    ['processes', Math.min(availableParallelism(), Math.ceil(cpuQuota() ?? Infinity), DEFAULT_PROCESSES_MAX)],
    ['server-root', FRESH_SERVER_ROOT],
    ['log-to-terminal', logDirectory === null],
  ];
  return values.map(([name, raw]) => ({ name, key: null, raw, origin: { kind: 'default' }, directory: '/' }));
}
