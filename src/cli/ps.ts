/** `vivarium ps`: the requests that an application has in hand. */
import type { Command } from './command.ts';
import { control } from './control-command.ts';
import { CONTROL_SWITCHES } from './control-options.ts';
import { formatRequests } from './format-requests.ts';

export const ps: Command = {
  name: 'ps',
  usage: '[options]',
  summary: 'list the requests in flight',
  description: [
    'Lists the requests that the application has not answered yet, the oldest first, with their age, the worker that' +
      ' has each and how far it is: queued (waiting for a thread), running, reading its body, writing its answer.',
    '--stacks adds where in the Python code each of them is. A worker that does not say so within a second holds its' +
      ' interpreter in native code, or is stopped.',
  ],
  switches: { stacks: 'with the Python stack of each', ...CONTROL_SWITCHES },
  takesSettings: false,
  run: (argv, context) =>
    control(ps, argv, context, {
      request: ({ switches }) => ({ command: 'ps', stacks: switches.has('stacks') }),
      print: ({ requests }, { switches }) =>
        context.terminal.print(formatRequests(requests!, switches.has('stacks'))),
      json: ({ requests }) => requests,
    }),
};
