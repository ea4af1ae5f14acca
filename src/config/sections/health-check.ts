/** `health-check`: how the servers of an upstream are asked whether they are well. */
import { section } from '../section.ts';
import { map, one } from '../setting.ts';
import { count, seconds, text } from '../value-types.ts';
import { cgiVariable, requestTarget } from './types.ts';

export interface HealthCheckSettings {
  readonly path: string;
  /** Null: the address of the server. */
  readonly host: string | null;
  /** CGI variables beside those of the request: name, value, …; latin-1. */
  readonly params: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly passes: number;
  readonly fails: number;
  /** Statuses that are right. */
  readonly statuses: { readonly from: number; readonly to: number };
  /** Latin-1: what the body must have in it; null for anything. */
  readonly body: string | null;
}

const STATUSES = /^([1-5]\d\d)(?:-([1-5]\d\d))?$/;

export const healthCheck = section({
  help: 'asks each server for a path again and again',
  short: 'path',
  isSwitch: true,
  parts: {
    path: one(requestTarget, { default: '/', help: 'what is asked for' }),
    host: one(text('HOST', /^[!-~]+$/, 'a host name'), {
      default: null,
      defaultText: 'the address of the server',
      help: 'the Host field',
    }),
    params: map(cgiVariable, text('VALUE'), {
      help: 'CGI variables beside those of the request, for servers that do not speak HTTP',
    }),
    interval: one(seconds(), { default: 5, help: 'time between two checks of a server' }),
    timeout: one(seconds(), { default: 5, help: 'time for the whole answer' }),
    passes: one(count(1, 1000), { default: 1, help: 'right answers in a row that bring a server back' }),
    fails: one(count(1, 1000), { default: 1, help: 'wrong ones in a row that take it out' }),
    status: one(text('STATUS', STATUSES, 'a status or a range like 200-399'), {
      default: '200-399',
      help: 'what the answer must be',
    }),
    body: one(text('TEXT'), {
      default: null,
      help: 'text that must stand in the first 64 KiB of the answer',
    }),
  },
  build: (values): HealthCheckSettings => {
    const [, from, to = from] = STATUSES.exec(values.status)!;
    return {
      path: values.path,
      host: values.host,
      params: Object.entries(values.params).flatMap(([name, value]) => [name, latin1(value)]),
      intervalMs: values.interval * 1000,
      timeoutMs: values.timeout * 1000,
      passes: values.passes,
      fails: values.fails,
      statuses: { from: Number(from), to: Number(to) },
      body: values.body === null ? null : latin1(values.body),
    };
  },
});

function latin1(value: string): string {
  return Buffer.from(value, 'utf8').latin1Slice();
}
