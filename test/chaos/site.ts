/** The server under test, with the folder that it works in, and a record of everything that was done to it. */
import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { askServer } from '../../src/control/client.ts';
import type { ServerStatus } from '../../src/control/protocol.ts';
import { findChildren } from '../support/processes.ts';
import { APPS, runVivarium, type Server, startServer } from '../support/vivarium.ts';
import { Book } from './book.ts';

/** What the verdict has to make allowance for. */
export type DeedKind =
  | 'worker-killed'
  /** SIGTERM: it finishes its requests. */
  | 'worker-ended'
  | 'gateway-killed'
  | 'gateway-ended'
  /** Killed or ended, and the next one does not serve yet. */
  | 'gateway-away'
  | 'gateway-paused'
  | 'worker-paused'
  /** A gateway and workers of before a restart may still answer. */
  | 'restarted'
  /** A worker has ended before it was ready, and none has become ready since. */
  | 'not-started'
  /** The application cannot be loaded. */
  | 'code-broken';

export interface Deed {
  readonly kind: DeedKind;
  readonly pid: number | null;
  readonly fromMs: number;
  untilMs: number;
}

/** Short, so that much happens in a minute. Seconds. */
export const LIMITS = {
  'request-timeout': 2,
  'interrupt-timeout': 1,
  'graceful-timeout': 4,
  'shutdown-timeout': 1,
  'queue-timeout': 8,
  'startup-timeout': 8,
  'deadlock-timeout': 2,
} as const;

/** As many as are needed. */
export const PROCESSES = '2:4';

const OTHER_SETTINGS = {
  processes: PROCESSES,
  threads: 4,
  'scale-down-interval': 2,
  'maximum-requests': 3000,
  'restart-interval': 30,
  'memory-limit': '120m',
  'access-log-format': 'json',
} as const;

export const MEMORY_LIMIT_MIB = 120;

export class Site {
  readonly folder: string;
  readonly root: string;
  readonly logs: string;
  /** Where the record of running servers is. */
  readonly runtime: string;
  readonly databasePath: string;
  readonly book = new Book();
  readonly deeds: Deed[] = [];
  /** What was asked of the server and not done as it should. */
  readonly complaints: string[] = [];
  /** Each version of the application, and since when it answers every request. */
  readonly versions: { readonly version: number; readonly sinceMs: number }[] = [];
  server!: Server;
  #version = 0;
  #rotations = 0;
  #codeFree: Promise<void> = Promise.resolve();

  constructor(folder: string) {
    this.folder = folder;
    this.root = `${folder}/root`;
    this.logs = `${folder}/logs`;
    this.runtime = `${folder}/runtime`;
    this.databasePath = `${folder}/runs.sqlite`;
  }

  async start(): Promise<void> {
    const database = new DatabaseSync(this.databasePath);
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE runs (number INTEGER, pid INTEGER)');
    database.close();
    // It is there before the server, so that the server removes what it has put there, and not the directory.
    mkdirSync(this.root, { mode: 0o700 });
    mkdirSync(this.runtime, { mode: 0o700 });
    this.writeCode(this.nextCode());
    const settings = Object.entries({ ...LIMITS, ...OTHER_SETTINGS });
    this.server = await startServer(
      [
        `${this.folder}/wsgi.py`,
        ...['--server-root', this.root, '--log-directory', this.logs],
        ...settings.flatMap(([name, value]) => [`--${name}`, String(value)]),
      ],
      { env: { CHAOS_DATABASE: this.databasePath, XDG_RUNTIME_DIR: this.runtime } },
    );
  }

  // Processes

  workers(): number[] {
    return this.#children((command) => !command.includes('vivarium-gateway'));
  }

  gateways(): number[] {
    return this.#children((command) => command.includes('vivarium-gateway'));
  }

  #children(isWanted: (command: string) => boolean): number[] {
    return findChildren(this.server.pid)
      .filter(({ command }) => command !== '' && isWanted(command))
      .map(({ pid }) => pid);
  }

  /** It lasts until somebody says when it was over. */
  begin(kind: DeedKind, pid: number | null = null): Deed {
    const deed: Deed = { kind, pid, fromMs: Date.now(), untilMs: Number.POSITIVE_INFINITY };
    this.deeds.push(deed);
    return deed;
  }

  isAlive(pid: number): boolean {
    return findChildren(this.server.pid).some((child) => child.pid === pid);
  }

  /** False when it is gone already. */
  signal(pid: number, signal: NodeJS.Signals): boolean {
    try {
      return process.kill(pid, signal);
    } catch {
      return false;
    }
  }

  // Commands

  async status(): Promise<ServerStatus> {
    const answer = await askServer(this.root, { command: 'status' });
    if (!answer.ok || answer.status === undefined) throw new Error(`status: ${JSON.stringify(answer)}`);
    return answer.status;
  }

  command(...args: string[]): ReturnType<typeof runVivarium> {
    return runVivarium([...args, '--server-root', this.root]);
  }

  // Code

  /** Changes to the code come one after the other: each wants to know what its own reload does. */
  changeCode(change: () => Promise<void>): Promise<void> {
    this.#codeFree = this.#codeFree.then(change);
    return this.#codeFree;
  }

  nextCode(): string {
    const path = JSON.stringify(APPS);
    return `import sys\nsys.path.insert(0, ${path})\nimport chaotic\nchaotic.version = ${++this.#version}\napplication = chaotic.application\n`;
  }

  get version(): number {
    return this.#version;
  }

  writeCode(text: string): void {
    // Never half a file: a worker may be loading it.
    writeFileSync(`${this.folder}/wsgi.new`, text);
    renameSync(`${this.folder}/wsgi.new`, `${this.folder}/wsgi.py`);
  }

  /** As logrotate does it. */
  rotateLogs(): void {
    this.#rotations++;
    for (const name of ['access_log', 'error_log']) {
      const path = `${this.logs}/${name}`;
      // After the rotation before this one there may not have been a gateway yet.
      if (existsSync(path)) renameSync(path, `${path}.${this.#rotations}`);
    }
    this.server.signal('SIGUSR1');
  }
}
