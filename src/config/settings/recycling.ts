/** Settings: when a worker that is well is replaced by a new one. */
import { one } from '../setting.ts';
import { bytes, count, fraction, seconds } from '../value-types.ts';

export const recycling = {
  title: 'Recycling',
  settings: {
    'maximum-requests': one(count(0, 1_000_000_000), {
      default: 0,
      help: 'requests after which a worker is replaced; 0 for no limit',
    }),
    'restart-interval': one(seconds('no limit'), {
      default: 0,
      help: 'age at which a worker is replaced; 0 for no limit',
    }),
    'inactivity-timeout': one(seconds('no limit'), {
      default: 0,
      help: 'time without a request after which a worker that has had some is replaced, or with 0:MAX stopped; 0 for no limit',
    }),
    'cpu-time-limit': one(seconds('no limit'), {
      default: 0,
      help: 'CPU time since its start at which a worker is replaced; 0 for no limit',
    }),
    'memory-limit': one(bytes({ zero: 'no limit' }), {
      default: 0,
      help: 'resident memory at which a worker is replaced; 0 for no limit',
    }),
    'memory-limit-hard': one(bytes({ zero: 'no limit' }), {
      default: 0,
      help: 'private memory past which allocations of a worker fail; it is replaced at 90 %; 0 for no limit',
    }),
    'recycle-jitter': one(fraction(0.9), {
      default: 0.1,
      help: 'greatest part of each of these limits that is taken off, at random for each worker',
    }),
  },
};
