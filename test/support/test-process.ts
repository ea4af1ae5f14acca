/**
 * A process that a test starts: everything it prints is kept, and a test waits for lines of it, not for times. It is
 * stopped by SIGTERM, and killed at the latest when the test run ends.
 */
import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';

/** Longest wait for something that should come at once: only a failing test ever waits so long. */
const PATIENCE_MS = 30_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface ProcessOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  /** Sockets that it inherits, as descriptors 3 and up. */
  readonly descriptors?: readonly number[];
}

const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

export class TestProcess {
  /** What it has printed so far, standard output and standard error together. */
  output = '';
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor(command: string, args: readonly string[], { cwd, env, descriptors = [] }: ProcessOptions) {
    const stdio: StdioOptions = ['ignore', 'pipe', 'pipe', ...descriptors];
    this.#child = spawn(command, args, { cwd, env, stdio });
    living.add(this.#child);
    this.pid = this.#child.pid!;
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
        this.#notify();
      });
    }
    // `close` comes after the last output, `exit` may come before it.
    this.exited = once(this.#child, 'close').then(([code, signal]) => {
      living.delete(this.#child);
      this.#notify();
      return { code, signal };
    });
  }

  /** The first match in the output from `from` on; waits until it is there. */
  async waitForOutput(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    return this.#waitFor(`output like ${pattern}`, () => pattern.exec(this.output.slice(from)));
  }

  signal(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  async stop(): Promise<Exit> {
    if (living.has(this.#child)) this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), PATIENCE_MS);
    const exit = await this.exited;
    clearTimeout(timer);
    return exit;
  }

  #notify(): void {
    for (const watcher of [...this.#watchers]) watcher();
  }

  #waitFor<T>(what: string, look: () => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(check);
      };
      const fail = (why: string): void => {
        done();
        reject(new Error(`no ${what}: ${why}. Its output was:\n${this.output}`));
      };
      const check = (): void => {
        const found = look();
        if (found !== null) {
          done();
          resolve(found);
        } else if (!living.has(this.#child)) {
          fail('the process has ended');
        }
      };
      const timer = setTimeout(() => fail(`waited ${PATIENCE_MS} ms`), PATIENCE_MS);
      this.#watchers.add(check);
      check();
    });
  }
}
