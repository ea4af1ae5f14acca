/** On what the figures were measured. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { missingCommands, PYTHON, packageVersion, versionPrinted } from './peers/peer.ts';

/** Lines of "name: value". */
export function describeMachine(): [string, string][] {
  return [
    ['Processor', `${cpus()[0]?.model ?? 'unknown'}, ${cpus().length} cores${siblings()}`],
    ['Memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['System', `${distribution()}, Linux ${release()}`],
    ['Python', versionPrinted(PYTHON, '--version')],
    ['Flask', packageVersion(PYTHON, 'flask') ?? 'not installed'],
    ['Django', packageVersion(PYTHON, 'django') ?? 'not installed'],
    ['wrk', wrkVersion()],
    ['h2load', versionPrinted('h2load', '--version')],
  ];
}

/** What has to be there before anything can be measured; null when it is. */
export function missingFromMachine(): string | null {
  if (process.platform !== 'linux') return 'the benchmarks read /proc and need Linux';
  if (cpus().length < 2)
    return 'the benchmarks need two cores: one for the servers, one for the load generator';
  return missingCommands('wrk', 'h2load', 'taskset', PYTHON);
}

/** Two threads of one core take time from each other, which a reader should know. */
function siblings(): string {
  const file = '/sys/devices/system/cpu/cpu0/topology/thread_siblings_list';
  const shared = existsSync(file) && readFileSync(file, 'utf8').trim() !== '0';
  return shared ? ' (cores 0 and 1 may be threads of one core)' : '';
}

function distribution(): string {
  const release = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : '';
  return /^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? 'unknown distribution';
}

/** wrk ends with an error after it has printed its version. */
function wrkVersion(): string {
  const output = execFileSync('/bin/sh', ['-c', 'wrk -v 2>&1 || true'], { encoding: 'utf8' });
  return /\d+(\.\d+)+/.exec(output)?.[0] ?? 'unknown';
}
