/** Defaults that depend on this machine. `availableParallelism` knows affinity masks, and not every kind of quota. */
import { availableParallelism } from 'node:os';
import { cpuQuota } from '../base/cgroup.ts';
import type { SettingName } from './settings/table.ts';
import type { Given } from './sources/given.ts';

const DEFAULT_PROCESSES_MAX = 4;

/** Of the server. */
export function serverDefaults(serverRoot: string, logDirectory: string | null): Given[] {
  return [byDefault('server-root', serverRoot), byDefault('log-to-terminal', logDirectory === null)];
}

/** Of an application. */
export function applicationDefaults(): Given[] {
  const cores = Math.min(availableParallelism(), Math.ceil(cpuQuota() ?? Infinity));
  return [byDefault('processes', Math.min(cores, DEFAULT_PROCESSES_MAX))];
}

function byDefault(name: SettingName, raw: unknown): Given {
  return { name, key: null, raw, origin: { kind: 'default' }, directory: '/' };
}
