/** Settings: the error log and the access log. */
import { one } from '../setting.ts';
import { accessLogFormat, choice, count, megabytes, onOff, path, seconds, text } from '../value-types.ts';

export const logging = {
  title: 'Logging',
  settings: {
    'log-level': one(choice('debug', 'info', 'warn', 'error'), {
      default: 'info',
      help: 'least severity of messages in the error log',
    }),
    'log-directory': one(path('DIRECTORY'), {
      default: null,
      defaultText: 'none: logs go to the terminal',
      help: 'directory for error_log and access_log',
    }),
    'log-to-terminal': one(onOff, {
      default: null,
      defaultText: 'on without --log-directory',
      help: 'log to the terminal; off without a directory logs to the server root',
    }),
    'rotate-logs': one(onOff, {
      default: false,
      help: 'rename a log that has grown to max-log-size, and begin a new one',
    }),
    'max-log-size': one(megabytes, { default: 5 * 2 ** 20, help: 'size of a log with --rotate-logs' }),
    'rotate-interval': one(seconds('never'), {
      default: 0,
      help: 'time after which logs are renamed, counted from midnight: 24h, 1h; 0 for never',
    }),
    'keep-logs': one(count(0, 100_000), {
      default: 10,
      help: 'renamed files that are kept of each log; 0 for all',
    }),
    'access-log': one(onOff, { default: true, help: 'write one line for each request' }),
    'access-log-format': one(accessLogFormat, {
      default: 'combined',
      help: 'combined, common, json, pretty (for a terminal) or an Apache format string',
    }),
    'server-status': one(onOff, {
      default: false,
      help: 'show what the server is doing at /server-status, to clients on this machine',
    }),
    'slow-requests': one(seconds('off'), {
      default: 0,
      help: 'time from which a request has a line in the error log that says where it went',
    }),
    'request-id-header': one(
      text(
        'NAME',
        /^(X-[A-Za-z0-9-]{1,60}|[A-Za-z0-9-]{1,60}-I[Dd])$/,
        'the name of a header field that begins with X- or ends in -ID, like X-Request-ID',
      ),
      {
        default: null,
        help: 'response header field that names the request, as in the logs',
      },
    ),
    'trust-request-id': one(onOff, {
      default: false,
      help: 'take over the X-Request-ID (or --request-id-header) of a request; only behind a proxy that sets it',
    }),
  },
};
