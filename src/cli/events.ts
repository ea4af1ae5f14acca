/** `vivarium events`: what happens in a running server, as it happens. */
import { formatEntry } from '../telemetry/log.ts';
import type { Command } from './command.ts';
import { control } from './control-command.ts';
import { CONTROL_SWITCHES, readCount } from './control-options.ts';

const RECENT_DEFAULT = 10;
/** What a server remembers. */
const RECENT_MAX = 200;

export const events: Command = {
  name: 'events',
  usage: '[options]',
  summary: 'follow what happens in a running server',
  description: [
    'Prints the last events and then each that happens: workers that start, end or are replaced, reloads, requests that' +
      ' time out. They are the messages of the error log, whatever its level, without what workers write themselves.' +
      ' Ends when the server ends, or with Ctrl-C.',
  ],
  switches: {
    'recent N': `how many past events to begin with (default: ${RECENT_DEFAULT}; at most ${RECENT_MAX})`,
    'no-follow': 'end after those',
    ...CONTROL_SWITCHES,
    json: 'print a JSON object a line',
  },
  takesSettings: false,
  run: (argv, context) =>
    control(events, argv, context, {
      request: (options) => ({
        command: 'events',
        recent: readCount(options, 'recent', RECENT_DEFAULT, RECENT_MAX),
        follow: !options.switches.has('no-follow'),
      }),
      event: (event, { switches }) =>
        context.terminal.print(switches.has('json') ? `${JSON.stringify(event)}\n` : formatEntry(event)),
      print: () => {},
      json: () => null,
    }),
};
