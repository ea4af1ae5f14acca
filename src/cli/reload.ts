/** `vivarium reload`: the applications anew, without losing a request. */
import type { Command } from './command.ts';
import { control, outcomeOf } from './control-command.ts';
import { CONTROL_SWITCHES, takeArgument } from './control-options.ts';

export const reload: Command = {
  name: 'reload',
  usage: '[APPLICATION] [options]',
  summary: 'load the applications and the settings of a running server anew',
  description: [
    'Reads the settings again and starts new workers, with a new gateway when settings have changed. Requests go to them' +
      ' when all are ready; the old ones finish theirs. Returns when that is done. When the new code cannot be loaded,' +
      ' or a setting is wrong, everything goes on as before, the reason is printed, and the exit status is 1.',
    'With the name of an application only its workers are replaced, and the settings are not read again.',
  ],
  switches: CONTROL_SWITCHES,
  takesSettings: false,
  run(argv, context) {
    const [application, options] = takeArgument(argv);
    return control(reload, options, context, {
      request: () => ({ command: 'reload', application }),
      print: ({ detail }) => context.terminal.print(`reloaded: ${detail}\n`),
      json: outcomeOf,
    });
  },
};
