/** `vivarium restart`: everything but the supervisor and its sockets anew. */
import type { Command } from './command.ts';
import { control, outcomeOf } from './control-command.ts';
import { CONTROL_SWITCHES } from './control-options.ts';

export const restart: Command = {
  name: 'restart',
  usage: '[options]',
  summary: 'replace the gateway and the workers of a running server',
  description: [
    'Starts a new gateway and new workers from the settings in effect; they take over when all are ready, and the old' +
      ' ones finish their requests. The listening sockets stay open. Returns when that is done. When the new ones' +
      ' cannot be started the old ones go on, and the exit status is 1. vivarium reload does what is needed for new code' +
      ' or new settings; restart is for when that is not enough.',
  ],
  switches: CONTROL_SWITCHES,
  takesSettings: false,
  run: (argv, context) =>
    control(restart, argv, context, {
      request: () => ({ command: 'restart' }),
      print: ({ detail }) => context.terminal.print(`restarted: ${detail}\n`),
      json: outcomeOf,
    }),
};
