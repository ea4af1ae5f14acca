/** Settings: HTTP limits, in size and in time, and buffers. */
import { errorStatus } from '../sections/types.ts';
import { map, one } from '../setting.ts';
import { bytes, count, onOff, seconds, urlPath } from '../value-types.ts';

const RATE_MAX = 2 ** 30;

export const limits = {
  title: 'Limits on requests',
  settings: {
    'limit-request-line': one(bytes({ min: 64, max: 2 ** 20 }), {
      default: 8190,
      help: 'bytes of the request line',
    }),
    'limit-request-fields': one(count(1, 10_000), { default: 100, help: 'number of header fields' }),
    'limit-request-field-size': one(bytes({ min: 64, max: 2 ** 20 }), {
      default: 8190,
      help: 'bytes of one header field',
    }),
    'limit-request-head': one(bytes({ min: 128, max: 2 ** 24 }), {
      default: 65_536,
      help: 'bytes of the request line and all header fields together',
    }),
    'limit-request-body': one(bytes({ zero: 'no limit' }), {
      default: 10_485_760,
      help: 'bytes of a request body; 0 for no limit',
    }),
  },
};

export const timeouts = {
  title: 'Timeouts for clients',
  settings: {
    'header-timeout': one(seconds(), {
      default: 15,
      help: 'time the head of a request may take, longer while it keeps the minimum rate',
    }),
    'header-max-timeout': one(seconds(), {
      default: 30,
      help: 'time the head of a request may take at most',
    }),
    'header-min-rate': one(count(1, RATE_MAX, 'BYTES'), {
      default: 500,
      help: 'bytes of the head that buy one second more',
    }),
    'body-timeout': one(seconds(), {
      default: 15,
      help: 'time the body of a request may take, longer while it keeps the minimum rate',
    }),
    'body-max-timeout': one(seconds('no limit'), {
      default: 0,
      help: 'time the body of a request may take at most; 0 for no limit',
    }),
    'body-min-rate': one(count(1, RATE_MAX, 'BYTES'), {
      default: 500,
      help: 'bytes of the body that buy one second more',
    }),
    'keep-alive-timeout': one(seconds(), { default: 75, help: 'time a connection may be idle' }),
    'socket-timeout': one(seconds(), {
      default: 60,
      help: 'longest wait for one write to a socket, where no other timeout is set for it',
    }),
    'response-socket-timeout': one(seconds(), {
      default: null,
      defaultText: 'socket-timeout',
      help: 'longest wait for a client to take any bytes of its response',
    }),
  },
};

export const responses = {
  title: 'Buffers and responses',
  settings: {
    'request-buffer-size': one(bytes({ min: 1024, max: 2 ** 30 }), {
      default: 2 ** 20,
      help: 'bytes of a request body kept in memory; what is longer goes to a temporary file',
    }),
    'response-buffer-size': one(bytes({ min: 1024, max: 2 ** 30 }), {
      default: 2 ** 20,
      help: 'bytes of a response kept in memory for a slow client',
    }),
    'response-spool-size': one(bytes({ zero: 'no file' }), {
      default: 2 ** 30,
      help: 'bytes of a response kept beyond that in a temporary file; 0 for no file',
    }),
    'error-document': map(errorStatus, urlPath, {
      help: 'answers an error of the server with the page that a URL path has; [error-pages] in the file says more',
      placeholder: 'STATUS URL',
    }),
    'compress-responses': one(onOff, {
      default: false,
      help: 'compress text of all sites for clients that take it so; [compress] in the file says more',
    }),
    'server-tokens': one(onOff, { default: true, help: 'name the server in the Server field' }),
  },
};
