/** A supervisor in a process of its own, with a fake gateway and fake workers, and a way to wait for what it logs. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, afterEach } from 'node:test';
import { fileURLToPath } from 'node:url';

export const folder = mkdtempSync(join(tmpdir(), 'supervisor-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const HARNESS = fileURLToPath(new URL('./run-supervisor.ts', import.meta.url));
let runs = 0;
let running: Run[] = [];
afterEach(() => {
  for (const run of running) run.child.kill('SIGKILL');
  running = [];
});

interface Answer {
  readonly status: number;
  readonly gateway: number;
  readonly workers: readonly number[];
}

export class Run {
  readonly child: ChildProcess;
  readonly root: string;
  readonly lines: string[] = [];
  readonly behaviourPath: string;
  readonly #configuration: object;
  readonly #configurationPath: string;
  /** The banner's URLs. */
  readonly serving: Promise<string[]>;
  readonly exited: Promise<unknown[]>;
  /** Standard error is closed when the last process that had it is gone. */
  readonly allGone: Promise<unknown[]>;
  #news: (() => void)[] = [];
  #isOver = false;

  constructor(
    behaviour: string,
    changes: object = {},
    application: object = {},
    inherited: readonly number[] = [],
  ) {
    const name = `run-${++runs}`;
    this.root = join(folder, name);
    this.behaviourPath = join(folder, `${name}.behaviour`);
    this.behave(behaviour);
    this.#configurationPath = join(folder, `${name}.json`);
    this.#configuration = {
      serverRoot: this.root,
      listen: [{ kind: 'tcp', host: '127.0.0.1', port: 0 }],
      adminListen: null,
      socketFiles: { mode: null, owner: null, group: null },
      backlog: 100,
      tls: null,
      user: null,
      group: null,
      pidFile: join(folder, `${name}.pid`),
      logs: { level: 'debug', directory: null },
      http: { serverTokens: false, keepAliveTimeoutMs: 0 },
      sites: [],
      touchFiles: [],
      drainDelayMs: 0,
      gracefulTimeoutMs: 60_000,
      shutdownTimeoutMs: 60_000,
      ...changes,
      applications: [
        {
          name: 'shop',
          target: { kind: 'module', module: 'shop', callable: null },
          user: null,
          group: null,
          interpreter: process.execPath,
          environment: { FAKE_WORKER: this.behaviourPath },
          processes: { min: 2, max: 2 },
          scaling: {},
          threads: 1,
          startupTimeoutMs: 60_000,
          recycling: {},
          development: { reloadOnChanges: false, debugger: false },
          followsScript: true,
          touchFiles: [],
          isDropIn: false,
          ...application,
        },
      ],
    };
    this.configure({});
    this.child = spawn(process.execPath, [HARNESS, this.#configurationPath], {
      stdio: ['ignore', 'pipe', 'pipe', ...inherited],
    });
    running.push(this);
    this.exited = once(this.child, 'exit');
    this.allGone = once(this.child, 'close');
    this.serving = this.#banner();
    this.serving.catch(() => {}); // Some runs are meant not to serve.
    const look = () => {
      for (const again of this.#news.splice(0)) again();
    };
    createInterface(this.child.stderr!).on('line', (line) => {
      this.lines.push(line);
      look();
    });
    this.child.on('close', () => {
      this.#isOver = true;
      look();
    });
  }

  async #banner(): Promise<string[]> {
    for await (const line of createInterface(this.child.stdout!)) return JSON.parse(line);
    throw new Error(`did not serve\n${this.lines.join('\n')}`);
  }

  /** What the next reload finds, beside what it was started with. */
  configure(changes: object): void {
    writeFileSync(this.#configurationPath, JSON.stringify({ ...this.#configuration, ...changes }));
  }

  behave(behaviour: string): void {
    writeFileSync(this.behaviourPath, behaviour);
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves with the n-th line that matches, once it is there. */
  async line(pattern: RegExp, n = 1): Promise<RegExpExecArray> {
    for (;;) {
      const found = this.lines.map((line) => pattern.exec(line)).filter((match) => match !== null);
      if (found.length >= n) return found[n - 1]!;
      assert.ok(!this.#isOver, `${pattern} is not in\n${this.lines.join('\n')}`);
      await new Promise<void>((resolve) => this.#news.push(resolve));
    }
  }

  async get(): Promise<Answer> {
    const [url] = await this.serving;
    const response = await fetch(url!, { headers: { connection: 'close' } });
    return { status: response.status, ...((await response.json()) as Omit<Answer, 'status'>) };
  }

  /** Once the gateway has heard of so many workers, a moment after the log has. */
  async getFrom(workers: number): Promise<Answer> {
    for (;;) {
      const answer = await this.get();
      if (answer.workers.length === workers) return answer;
    }
  }

  async stop(): Promise<void> {
    this.signal('SIGTERM');
    assert.deepEqual(await this.exited, [0, null]);
    await this.allGone;
  }
}

export const pidOf = async (line: Promise<RegExpExecArray>) => Number((await line)[1]);
export const READY = /worker-(?:started|replaced): worker \d+ \(pid (\d+)\)/;
