/** `vivarium workers`: the table of `vivarium status` alone. */
import type { Command } from './command.ts';
import { CONTROL_SWITCHES, control } from './control-command.ts';
import { formatWorkers } from './format-status.ts';

export const workers: Command = {
  name: 'workers',
  usage: '[options]',
  summary: 'list the workers of a running server',
  description: ['Lists its worker processes. The columns are those of vivarium status.'],
  switches: CONTROL_SWITCHES,
  takesSettings: false,
  run: (argv, context) =>
    control(
      workers,
      argv,
      context,
      () => ({ command: 'status' }),
      (answer) => context.terminal.print(formatWorkers(answer.status?.application?.workers ?? [])),
      (answer) => answer.status?.application?.workers ?? [],
    ),
};
