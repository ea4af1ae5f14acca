/**
 * Real servers of others, put before and behind ours by tests: each in a folder of its own with a configuration of its
 * own, waited for until it listens, ended by its pid. What it prints, its error log included, is in the message when
 * it does not start.
 */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Cleanup } from '../cleanups.ts';
import { TestProcess } from '../test-process.ts';

const PATIENCE_MS = 30_000;
const RETRY_MS = 10;
const SEARCHED = [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

export interface Owner {
  after(then: Cleanup): void;
}

export interface PeerStart {
  readonly command: string;
  args(folder: string): readonly string[];
  files?(folder: string): Readonly<Record<string, string>>;
  readonly env?: NodeJS.ProcessEnv;
  readonly descriptors?: readonly number[];
  /** A pid file or Unix socket in the folder, which is written or accepts when all of its sockets listen; or what it prints then. */
  readonly ready: string | RegExp;
}

export interface Peer {
  readonly folder: string;
  readonly process: TestProcess;
  /** What `ready` found. */
  readonly match: RegExpExecArray | null;
}

export async function startPeer(owner: Owner, start: PeerStart): Promise<Peer> {
  const folder = mkdtempSync(join(tmpdir(), 'vivarium-peer-'));
  for (const [name, content] of Object.entries(start.files?.(folder) ?? {})) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), content);
  }
  const started = new TestProcess(start.command, start.args(folder), {
    cwd: folder,
    env: { PATH: SEARCHED.join(':'), HOME: folder, LC_ALL: 'C.UTF-8', ...start.env },
    ...(start.descriptors !== undefined && { descriptors: start.descriptors }),
  });
  owner.after(async () => {
    await started.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  const { ready } = start;
  if (typeof ready !== 'string')
    return { folder, process: started, match: await started.waitForOutput(ready) };
  await waitUntilThere(join(folder, ready), started);
  return { folder, process: started, match: null };
}

/** Asks the socket itself: nothing else tells that a server listens, and most of them print nothing. */
async function waitUntilThere(path: string, started: TestProcess): Promise<void> {
  let hasEnded = false;
  void started.exited.then(() => {
    hasEnded = true;
  });
  for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await delay(RETRY_MS)) {
    if (path.endsWith('.sock') ? await accepts(path) : hasContent(path)) return;
    if (hasEnded) throw new Error(`it has ended. Its output was:\n${started.output}`);
  }
  throw new Error(`no ${path} within ${PATIENCE_MS} ms. Its output was:\n${started.output}`);
}

/** A pid file may be made before anything listens, and is written afterwards. */
function hasContent(path: string): boolean {
  return existsSync(path) && statSync(path).size > 0;
}

function accepts(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}

/** What `test` takes as its `skip`: false, or which of the commands or files is not there. */
export function skipWithout(...needed: readonly string[]): string | false {
  const missing = needed.filter((name) => findFile(name) === null);
  return missing.length > 0 && `no ${missing.join(', ')} here`;
}

export function findFile(name: string): string | null {
  const paths = name.startsWith('/') ? [name] : SEARCHED.map((folder) => join(folder, name));
  return paths.find((path) => isThere(path)) ?? null;
}

function isThere(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A loopback address that nobody else is likely to use, for servers that cannot be told to take any port: with it,
 * every port is free, also beside other tests.
 */
export function ownLoopback(): string {
  const part = (): number => 1 + Math.floor(Math.random() * 250);
  return `127.${part()}.${part()}.${part()}`;
}

export const IS_ROOT = process.getuid?.() === 0;
