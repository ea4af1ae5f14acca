/** Settings: an application that a command of its own serves, in the place of a WSGI application. */
import { commandLine } from '../command-line.ts';
import { requestTarget } from '../sections/types.ts';
import { one } from '../setting.ts';
import { choice, count } from '../value-types.ts';

export const command = {
  title: 'Command',
  settings: {
    command: one(commandLine, {
      default: null,
      help: 'a server that is started in the place of a WSGI application, as "gunicorn --bind fd://{fd} shop:app"',
    }),
    protocol: one(choice('http', 'uwsgi', 'scgi', 'fastcgi'), {
      default: 'http',
      help: 'what a command speaks at its socket',
    }),
    'ready-path': one(requestTarget, {
      default: null,
      defaultText: 'ready when it accepts connections',
      help: 'path that a command has to answer with 200 to 399 before it gets requests',
    }),
    'stop-signal': one(choice('TERM', 'INT', 'QUIT', 'HUP', 'USR1', 'USR2', 'WINCH', 'KILL'), {
      default: 'TERM',
      help: 'signal that tells a command to stop, when it has no more requests',
    }),
    'max-connections': one(count(1, 100_000), {
      default: 1000,
      help: 'requests that each process of a command gets at once; more wait in the queue',
    }),
    'keep-alive': one(count(0, 10_000), {
      default: null,
      defaultText: '64, none with FastCGI',
      help: 'idle connections kept to each process of a command; 0 for a server that closes them unannounced',
    }),
  },
};
