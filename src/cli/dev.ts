/** `vivarium dev`: serves an application to the person who writes it. */
import { DEV_DEFAULTS } from '../config/implied.ts';
import type { Command } from './command.ts';
import { runServer } from './serve.ts';

export const dev: Command = {
  name: 'dev',
  usage: '[TARGET] [options]',
  summary: 'serve an application while you write it',
  description: [
    'The same server as vivarium serve, with other defaults: one process, no time limits, a reload whenever a' +
      ' source file changes, tracebacks in the browser for clients on this machine, and one short line for each' +
      ' request. TARGET and options are those of vivarium serve; vivarium check --dev shows what is in effect.',
    'While a reload loads the new code, requests are answered by the old. Ctrl-C stops the server.',
  ],
  switches: {},
  takesSettings: true,
  ownDefaults: DEV_DEFAULTS,
  run: (argv, context) => runServer(argv, context, { isDev: true }),
};
