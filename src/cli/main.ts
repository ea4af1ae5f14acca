/** The command line as the process sees it: arguments in, exit status out. */
import { newInstance } from '../config/instance.ts';
import { runCommandLine } from './commands.ts';
import { createTerminal } from './terminal.ts';

export function runCli(): Promise<number> {
  const { env: environment } = process;
  const context = {
    terminal: createTerminal(environment),
    environment,
    cwd: process.cwd(),
    instance: newInstance(),
  };
  return runCommandLine(process.argv.slice(2), context);
}
