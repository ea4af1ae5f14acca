/**
 * One running stack: started on its own core, asked until it answers right, measured through /proc, stopped with
 * everything below it. Ends only processes that it has started.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Case } from './cases.ts';
import type { Job, Peer } from './peers/peer.ts';
import { cpuSecondsOf, listProcesses, type ProcessStat, pssBytesOf, treeOf } from './proc.ts';
import { verifyAnswer } from './verify.ts';
import { LOAD_CORE, SERVER_CORE } from './wrk.ts';

const START_TIMEOUT_MS = 20_000;
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 50;

export interface Stack {
  readonly peer: Peer;
  readonly origin: string;
  /** User and system time so far, by the name of the process. */
  cpuSeconds(): Map<string, number>;
  pssBytes(): number;
  stop(): Promise<void>;
}

/** Rejects, with the end of the stack's log, when it does not answer the case's request as it should. */
export async function startStack(peer: Peer, job: Job, signal: AbortSignal): Promise<Stack> {
  const logFile = join(job.directory, 'output.log');
  const launched = launch(peer, job, logFile);
  const children = [...launched.stack, ...launched.behind];
  const [roots, all] = [pidsOf(launched.stack), pidsOf(children)];
  const stack: Stack = {
    peer,
    origin: `${job.test.tls ? 'https' : 'http'}://127.0.0.1:${job.port}`,
    cpuSeconds: () => cpuSecondsOf(roots),
    pssBytes: () => pssBytesOf(roots),
    stop: () => stopAll(children, all),
  };
  try {
    await waitUntilRight(stack, job.test, children, signal);
    return stack;
  } catch (error) {
    await stack.stop();
    const output = readFileSync(logFile, 'utf8').trim().split('\n').slice(-5).join('\n');
    throw new Error(`${(error as Error).message}${output === '' ? '' : `\n${output}`}`);
  }
}

interface Launched {
  readonly stack: readonly ChildProcess[];
  /** Not part of what is measured. */
  readonly behind: readonly ChildProcess[];
}

const pidsOf = (children: readonly ChildProcess[]) => children.flatMap((child) => child.pid ?? []);

function launch(peer: Peer, job: Job, logFile: string): Launched {
  const { commands, behind = [], files = {} } = peer.start(job);
  for (const [name, text] of Object.entries(files)) writeFileSync(join(job.directory, name), text);
  const log = openSync(logFile, 'w');
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    LANG: 'C.UTF-8',
    PYTHONPATH: job.appsDirectory,
  };
  try {
    const start = (core: number, command: readonly string[]) => {
      const args = ['-c', String(core), ...command];
      // A process group of its own, so that Ctrl-C comes to this program alone, which then stops the stack in order.
      const child = spawn('taskset', args, {
        cwd: job.appsDirectory,
        env,
        detached: true,
        stdio: ['ignore', log, log],
      });
      child.on('error', () => {}); // taskset itself is missing: seen as a child without a pid
      return child;
    };
    return {
      stack: commands.map((command) => start(SERVER_CORE, command)),
      behind: behind.map((command) => start(LOAD_CORE, command)),
    };
  } finally {
    closeSync(log);
  }
}

async function waitUntilRight(
  stack: Stack,
  test: Case,
  children: readonly ChildProcess[],
  signal: AbortSignal,
) {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    signal.throwIfAborted();
    const wrong = await verifyAnswer(stack.origin, test);
    if (wrong === null) return;
    if (children.some(hasEnded)) throw new Error('a process of the stack ended while starting');
    if (Date.now() > deadline)
      throw new Error(`no right answer after ${START_TIMEOUT_MS / 1000} s: ${wrong}`);
    await sleep(POLL_MS);
  }
}

const hasEnded = (child: ChildProcess) =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null;

async function stopAll(children: readonly ChildProcess[], roots: readonly number[]): Promise<void> {
  const tree = treeOf(roots, listProcesses());
  await Promise.all(children.map(stop));
  // What its parent has left behind. A pid that has meanwhile gone to another process has another start time.
  for (const orphan of stillRunning(tree)) process.kill(orphan.pid, 'SIGKILL');
}

async function stop(child: ChildProcess): Promise<void> {
  if (hasEnded(child)) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await exited;
  clearTimeout(timer);
}

function stillRunning(tree: readonly ProcessStat[]): ProcessStat[] {
  const known = new Map(tree.map((process) => [process.pid, process.startTicks]));
  return listProcesses().filter((process) => known.get(process.pid) === process.startTicks);
}
