/**
 * The processes that a command has started: servers have workers of their own, and these are in its process group unless
 * they have left it. A group is there as long as one of its processes is, so its number cannot mean another one.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type ProcessUsage, parseUsage } from './process-usage.ts';

const POLL_MS = 20;

/** False when there is no process in it. Signal 0 only asks. */
export function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(-leader, signal);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Its leader has ended: those it has left behind are told to, and killed after `limitMs`. Resolves when all are gone. */
export function endGroup(leader: number, limitMs: number): Promise<void> {
  if (!signalGroup(leader, 'SIGTERM')) return Promise.resolve();
  const deadline = performance.now() + limitMs;
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      const isOver = performance.now() >= deadline;
      if (isOver) signalGroup(leader, 'SIGKILL');
      else if (isAlive(leader)) return;
      clearInterval(timer);
      resolve();
    }, POLL_MS);
  });
}

/** Processes that have ended are still in it until they are waited for, which may take a while where init is slow. */
function isAlive(leader: number): boolean {
  if (!signalGroup(leader, 0)) return false;
  return list('/proc/self').length === 0 || membersOf(leader).some(({ state }) => state !== 'Z');
}

/** Of all its processes together; null when there is no /proc. Memory that they share is counted in each. */
export function readGroupUsage(leader: number): ProcessUsage | null {
  const usages = membersOf(leader).flatMap(({ pid }) => readUsage(pid) ?? []);
  if (usages.length === 0) return null;
  return {
    residentBytes: usages.reduce((sum, { residentBytes }) => sum + residentBytes, 0),
    // The limit is one of each process.
    dataBytes: Math.max(...usages.map(({ dataBytes }) => dataBytes)),
    cpuMs: usages.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
  };
}

interface GroupMember {
  readonly pid: string;
  readonly state: string;
}

function membersOf(leader: number): GroupMember[] {
  return list('/proc').flatMap((pid) => {
    const { state, group } = /^\d+$/.test(pid) ? statOf(pid) : { state: '', group: '' };
    return group === String(leader) ? [{ pid, state }] : [];
  });
}

/** Fields 3 and 5 of proc_pid_stat(5). The name before them may have spaces and parentheses itself. */
function statOf(pid: string): { readonly state: string; readonly group: string } {
  const stat = read(`/proc/${pid}/stat`);
  const [state = '', , group = ''] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state, group };
}

function readUsage(pid: string): ProcessUsage | null {
  return parseUsage(read(`/proc/${pid}/status`), read(`/proc/${pid}/stat`));
}

function list(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** '' when the process is gone. */
function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
