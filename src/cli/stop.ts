/** `vivarium stop`. */
import type { Command } from './command.ts';
import { control, outcomeOf } from './control-command.ts';
import { CONTROL_SWITCHES } from './control-options.ts';

export const stop: Command = {
  name: 'stop',
  usage: '[options]',
  summary: 'stop a running server',
  description: [
    'No new connections; requests have --graceful-timeout to finish, then processes have --shutdown-timeout to end.' +
      ' Returns when all of them have ended.',
  ],
  switches: { now: 'do not wait for requests longer than --shutdown-timeout', ...CONTROL_SWITCHES },
  takesSettings: false,
  run: (argv, context) =>
    control(stop, argv, context, {
      request: ({ switches }) => ({ command: 'stop', now: switches.has('now') }),
      print: ({ detail }) => context.terminal.print(`stopped: ${detail}\n`),
      json: outcomeOf,
    }),
};
