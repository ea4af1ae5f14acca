/**
 * A real `bin/vivarium serve` process for the scenario tests: started on a port that the kernel chooses, waited for
 * by its banner, stopped by SIGTERM. Everything it prints is kept, and a test waits for lines of it, not for times.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const APPS = `${ROOT}test/apps/`;
export const VIVARIUM = `${ROOT}bin/vivarium`;

/** Longest wait for something that should come at once: only a failing test ever waits so long. */
const PATIENCE_MS = 30_000;

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs this instead of `bin/vivarium`; it becomes it by exec. */
  readonly command?: string;
}

const living = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of living) child.kill('SIGKILL');
});

/** A command of `vivarium` that is running: `serve` most of the time. */
export class VivariumProcess {
  /** What it has printed so far, standard output and standard error together. */
  output = '';
  readonly pid: number;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();

  constructor(args: readonly string[], options: StartOptions = {}) {
    this.#child = spawn(options.command ?? VIVARIUM, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...cleanEnvironment(), ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
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

export interface Server extends VivariumProcess {
  readonly port: number;
  readonly url: string;
}

/** `vivarium serve …` on a free port of the loopback address, once it is serving. */
export function startServer(args: readonly string[], options: StartOptions = {}): Promise<Server> {
  return start('serve', args, options);
}

/** The same for `vivarium dev …`. */
export function startDev(args: readonly string[], options: StartOptions = {}): Promise<Server> {
  return start('dev', args, options);
}

async function start(command: string, args: readonly string[], options: StartOptions): Promise<Server> {
  const started = new VivariumProcess([command, ...args, '--port', '0'], options);
  try {
    // The last line of the banner: the lines before it are there as well.
    await started.waitForOutput(/^Access Log/m);
  } catch (error) {
    started.signal('SIGKILL');
    throw error;
  }
  const [, url, port] = /^Server URL +: (http:\/\/127\.0\.0\.1:(\d+))/m.exec(started.output)!;
  return Object.assign(started, { port: Number(port), url: url! });
}

/** Runs a command to its end. */
export async function runVivarium(
  args: readonly string[],
  options: StartOptions = {},
): Promise<Exit & { readonly output: string }> {
  const started = new VivariumProcess(args, options);
  return { ...(await started.exited), output: started.output };
}

/** Ours, without what would change the settings or the interpreter. */
function cleanEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(VIVARIUM_|LISTEN_|NODE_|PYTHON|VIRTUAL_ENV$)/.test(name),
  );
  return Object.fromEntries(kept);
}
