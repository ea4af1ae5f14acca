/** `vivarium workers`: the table of `vivarium status` alone. */
import type { WorkerStatus } from '../control/protocol.ts';
import type { Command } from './command.ts';
import { control, type Success } from './control-command.ts';
import { CONTROL_SWITCHES } from './control-options.ts';
import { formatWorkers } from './format-status.ts';

export const workers: Command = {
  name: 'workers',
  usage: '[options]',
  summary: 'list the workers of a running server',
  description: ['Lists its worker processes. The columns are those of vivarium status.'],
  switches: CONTROL_SWITCHES,
  takesSettings: false,
  run: (argv, context) =>
    control(workers, argv, context, {
      request: () => ({ command: 'status' }),
      print: (answer) => context.terminal.print(formatWorkers(answer.status?.applications ?? [])),
      json: workersOf,
    }),
};

function workersOf({ status }: Success): readonly WorkerStatus[] {
  return status?.applications.flatMap(({ workers }) => workers) ?? [];
}
