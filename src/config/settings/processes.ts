/** Settings: how many processes and threads run the application, and what may wait for them. */
import { processRange } from '../process-range.ts';
import { map, one } from '../setting.ts';
import { count, seconds, urlPath } from '../value-types.ts';

export const processes = {
  title: 'Processes and capacity',
  settings: {
    processes: one(processRange, {
      default: null,
      defaultText: 'one per available core, up to 4',
      help: 'worker processes; MIN:MAX for as many as are needed, from MIN to MAX',
    }),
    'scale-up-wait': one(seconds(), {
      default: 0.05,
      help: 'with MIN:MAX, workers are added while requests wait longer than this for a thread',
    }),
    'scale-down-interval': one(seconds(), {
      default: 30,
      help: 'with MIN:MAX, time for which one worker fewer must have been enough before one is stopped',
    }),
    threads: one(count(1, 1024), { default: 8, help: 'threads in each worker' }),
    'queue-size': one(count(0, 1_000_000), {
      default: 1000,
      help: 'requests that may wait for a thread; more are answered 503',
    }),
    'queue-timeout': one(seconds('none'), {
      default: 45,
      help: 'longest time a request waits for a thread before it is answered 503',
    }),
    'request-timeout': one(seconds('none'), {
      default: 60,
      help: 'longest time a request runs before it is answered 504 and interrupted',
    }),
    'request-timeout-at': map(urlPath, seconds('none'), {
      help: 'the same for requests whose path is URL or below it, in the place of request-timeout',
    }),
    'interrupt-timeout': one(seconds('not interrupted'), {
      default: 10,
      help: 'time an interrupted request has to end before its worker is replaced',
    }),
    'deadlock-timeout': one(seconds('never'), {
      default: 60,
      help: 'time without running Python code after which a worker is replaced',
    }),
    'startup-timeout': one(seconds('none'), { default: 15, help: 'time the application has to load' }),
    'drain-delay': one(seconds('none'), {
      default: 0,
      help: 'time between a request to stop, when /ready says no, and the end of listening',
    }),
    'graceful-timeout': one(seconds('at once'), {
      default: 15,
      help: 'time running requests have to finish when the server stops or their worker is replaced',
    }),
    'eviction-timeout': one(seconds('graceful-timeout'), {
      default: 0,
      help: 'the same for a worker that was told to go by SIGUSR1; 0 for graceful-timeout',
    }),
    'shutdown-timeout': one(seconds('at once'), {
      default: 5,
      help: 'time a process then has before it is killed',
    }),
  },
};
