/** `vivarium scale`: more or fewer workers, now. */
import { parseProcessRange, processRange } from '../config/process-range.ts';
import type { ControlRequest } from '../control/protocol.ts';
import type { Command } from './command.ts';
import { control, outcomeOf } from './control-command.ts';
import { CONTROL_SWITCHES, ControlMistake, takeArgument } from './control-options.ts';

export const scale: Command = {
  name: 'scale',
  usage: '[APPLICATION=]N|MIN:MAX [options]',
  summary: 'change the number of workers of a running server',
  description: [
    'N workers, or as many as are needed from MIN to MAX. Returns when they serve; those that are not needed finish' +
      ' their requests after that. When one cannot be started, the reason is printed and the exit status is 1. The' +
      ' number is that of the settings again after a restart, and after a reload of settings that have changed.',
  ],
  switches: CONTROL_SWITCHES,
  takesSettings: false,
  run(argv, context) {
    const [wanted, options] = takeArgument(argv);
    return control(scale, options, context, {
      request: () => scaleRequest(wanted),
      print: ({ detail }) => context.terminal.print(`scaled: ${detail}\n`),
      json: outcomeOf,
    });
  },
};

/** Throws ControlMistake. */
export function scaleRequest(text: string | null): ControlRequest {
  if (text === null) throw new ControlMistake(`found no number; allowed: ${processRange.allowed}`);
  const [, application = null, number = ''] = /^(?:(.*)=)?([^=]*)$/s.exec(text) ?? [];
  const range = parseProcessRange(number);
  if (range !== null) return { command: 'scale', application, ...range };
  throw new ControlMistake(`found ${JSON.stringify(number)}; allowed: ${processRange.allowed}`);
}
