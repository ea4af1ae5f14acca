/** Settings: HTTP/2. Its requests are held to the limits and timeouts of all others. */
import { one } from '../setting.ts';
import { bytes, count, onOff } from '../value-types.ts';

export const http2 = {
  title: 'HTTP/2',
  settings: {
    http2: one(onOff, { default: true, help: 'speak HTTP/2 with clients that ask for it' }),
    'http2-max-concurrent-streams': one(count(1, 10_000), {
      default: 128,
      help: 'requests that one connection may have under way',
    }),
    'http2-initial-window-size': one(bytes({ min: 65_535, max: 2 ** 24 }), {
      default: 2 ** 18,
      help: 'bytes of a request body that a client may send before it has to wait for us',
    }),
    'http2-reset-burst': one(count(1, 1_000_000), {
      default: 500,
      help: 'requests taken back, pings and changes of settings that one connection may send at once',
    }),
    'http2-reset-rate': one(count(1, 1_000_000), {
      default: 50,
      help: 'how many of these it may send per second in the long run',
    }),
  },
};
