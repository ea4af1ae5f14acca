/** `vivarium serve --command …` for the scenarios of applications that have a server of their own. */
import { readFileSync } from 'node:fs';
import { findFramework } from './frameworks.ts';
import { getOnce } from './raw-client.ts';
import { APPS, type Server, startServer } from './vivarium.ts';

/** For test/apps/own_server.py. */
export const PYTHON = findFramework('json').interpreter;

export async function startCommand(
  t: { after(then: () => Promise<unknown>): void },
  command: string,
  ...args: readonly string[]
): Promise<Server> {
  const common = ['--working-directory', APPS, '--no-access-log', '--command', command];
  const server = await startServer([...common, ...args]);
  t.after(() => server.stop());
  return server;
}

/** With test/apps/own_server.py. */
export function startOwnServer(
  t: { after(then: () => Promise<unknown>): void },
  words = 'fd:{fd}',
  ...args: readonly string[]
): Promise<Server> {
  return startCommand(t, `${PYTHON} own_server.py ${words}`, ...args);
}

/** The process that answers. */
export async function pidOf(server: Server): Promise<number> {
  return Number((await getOnce(server.port, '/')).text.split(' ')[0]);
}

/** Not one that has ended and that nobody has waited for. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'));
  } catch {
    return false;
  }
}
