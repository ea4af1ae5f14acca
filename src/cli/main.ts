/** The command line as the process sees it: arguments in, exit status out. */
import { runCommandLine } from './commands.ts';
import { createTerminal } from './terminal.ts';

export function runCli(): Promise<number> {
  const context = { terminal: createTerminal(process.env), environment: process.env, cwd: process.cwd() };
  return runCommandLine(process.argv.slice(2), context);
}
