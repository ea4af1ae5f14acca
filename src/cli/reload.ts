/** `vivarium reload`: the application anew, without losing a request. */
import type { Command } from './command.ts';
import { control, outcomeOf } from './control-command.ts';
import { CONTROL_SWITCHES } from './control-options.ts';

export const reload: Command = {
  name: 'reload',
  usage: '[options]',
  summary: 'load the application and the settings of a running server anew',
  description: [
    'Reads the settings again and starts new workers, with a new gateway when settings have changed. Requests go to them' +
      ' when all are ready; the old ones finish theirs. Returns when that is done. When the new code cannot be loaded,' +
      ' or a setting is wrong, everything goes on as before, the reason is printed, and the exit status is 1.',
  ],
  switches: CONTROL_SWITCHES,
  takesSettings: false,
  run: (argv, context) =>
    control(reload, argv, context, {
      request: () => ({ command: 'reload' }),
      print: ({ detail }) => context.terminal.print(`reloaded: ${detail}\n`),
      json: outcomeOf,
    }),
};
