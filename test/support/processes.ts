/** What Linux says of processes, in /proc. */
import { readdirSync, readFileSync } from 'node:fs';

export const NO_PROC = process.platform !== 'linux' && 'processes are looked up in /proc';

export interface Found {
  readonly pid: number;
  readonly command: string;
}

/** The children of a process, oldest first. */
export function findChildren(pid: number): Found[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap((task) => readFileSync(`/proc/${pid}/task/${task}/children`, 'latin1').split(' '))
    .filter((text) => text.trim() !== '')
    .map((text) => ({ pid: Number(text), command: commandOf(Number(text)) }))
    .sort((a, b) => a.pid - b.pid);
}

/** Empty for one that has just ended. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Highest resident memory so far of a process and its children, in bytes. */
export function peakMemory(pid: number): number {
  const [, kibibytes] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'latin1')) ?? [];
  const children = findChildren(pid).reduce((sum, child) => sum + peakMemory(child.pid), 0);
  return Number(kibibytes ?? 0) * 1024 + children;
}

/** Of the children of a server whose command has this word in it. */
export function pidsOf({ pid }: { readonly pid: number }, word: string): number[] {
  return findChildren(pid)
    .filter(({ command }) => command.includes(word))
    .map((child) => child.pid);
}
