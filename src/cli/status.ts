/** `vivarium status`: the whole server at a glance. */
import type { Command } from './command.ts';
import { CONTROL_SWITCHES, control } from './control-command.ts';
import { formatStatus } from './format-status.ts';

export const status: Command = {
  name: 'status',
  usage: '[options]',
  summary: 'show how a running server is',
  description: [
    'Shows its addresses, its processes with memory and CPU time, the requests that run and wait, and which processes' +
      ' have ended and why. Exit status 0 means that the server has answered.',
  ],
  switches: CONTROL_SWITCHES,
  takesSettings: false,
  run: (argv, context) =>
    control(
      status,
      argv,
      context,
      () => ({ command: 'status' }),
      (answer) => {
        if (answer.status) context.terminal.print(formatStatus(answer.status, context.terminal));
      },
    ),
};
