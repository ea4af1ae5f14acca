/** `vivarium status`: the whole server at a glance. */
import { type Command, FAILED, OK } from './command.ts';
import { control } from './control-command.ts';
import { CONTROL_SWITCHES } from './control-options.ts';
import { formatStatus } from './format-status.ts';

export const status: Command = {
  name: 'status',
  usage: '[options]',
  summary: 'show how a running server is',
  description: [
    'Shows its addresses, its processes with memory and CPU time, the requests that run and wait, and which processes' +
      ' have ended and why. The exit status is 0 when requests are answered, and 1 when they are not (the lines that' +
      ' begin with Problem say why) or when the server cannot be asked.',
  ],
  switches: CONTROL_SWITCHES,
  takesSettings: false,
  run: (argv, context) =>
    control(status, argv, context, {
      request: () => ({ command: 'status' }),
      print: (answer) => context.terminal.print(formatStatus(answer.status!, context.terminal)),
      json: (answer) => answer.status,
      exitStatus: (answer) => (answer.status!.problems.length === 0 ? OK : FAILED),
    }),
};
