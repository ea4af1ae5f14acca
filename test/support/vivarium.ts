/**
 * A real `bin/vivarium serve` process for the scenario tests: started on a port that the kernel chooses, waited for
 * by its banner.
 */
import { fileURLToPath } from 'node:url';
import { type Exit, TestProcess } from './test-process.ts';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const APPS = `${ROOT}test/apps/`;
export const VIVARIUM = `${ROOT}bin/vivarium`;

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Runs this instead of `bin/vivarium`; it becomes it by exec. */
  readonly command?: string;
}

/** A command of `vivarium` that is running: `serve` most of the time. */
export class VivariumProcess extends TestProcess {
  constructor(args: readonly string[], options: StartOptions = {}) {
    super(options.command ?? VIVARIUM, args, {
      cwd: options.cwd ?? ROOT,
      env: { ...cleanEnvironment(), ...options.env },
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
