/** What a route is for: each key that is given must fit, and of a key with several values one of them. */

import { nested, type Parts, section } from '../section.ts';
import { list, map, one } from '../setting.ts';
import { choice, onOff } from '../value-types.ts';
import { hostPattern, network, pathPattern, pattern, template, token } from './types.ts';

export interface MatchSettings {
  readonly path: readonly string[];
  readonly host: readonly string[];
  readonly method: readonly string[];
  readonly scheme: readonly string[];
  readonly address: readonly string[];
  /** A pattern for the value of each; `*` is any value, so the field must only be there. */
  readonly header: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  /** Templates, and a pattern for each. */
  readonly variable: Readonly<Record<string, string>>;
  /** Only for what an internal redirect has led here (nginx's `internal`). */
  readonly internal: boolean;
  /** What must not fit. */
  readonly not: MatchSettings | null;
}

const keys = {
  path: list(pathPattern, {
    help: 'paths, decoded and without dot segments and double slashes: /about, /static/*, *.php, ~^/user/(\\d+)$',
  }),
  host: list(hostPattern, { help: 'host names that the client asked for, as in the hosts of a site' }),
  method: list(token, { help: 'request methods' }),
  scheme: list(choice('http', 'https'), { help: 'http or https' }),
  address: list(network, { help: 'addresses and networks of clients' }),
  header: map(token, pattern, { help: 'request header fields, each with a pattern for its value' }),
  query: map(pattern, pattern, { help: 'query parameters, each with a pattern for its value' }),
  variable: map(template, pattern, { help: 'templates like "{cookie.beta}", each with a pattern' }),
  internal: one(onOff, {
    default: false,
    help: 'only requests that an internal redirect has led here: no client can ask for them',
  }),
} satisfies Parts;

const not = section({
  help: 'what must not fit; the same keys',
  short: 'path',
  parts: keys,
  build: (values): MatchSettings => ({ ...values, not: null }),
});

export const match = section({
  help: 'what the route is for; without it, for everything',
  short: 'path',
  parts: { ...keys, not: nested(not) },
  build: (values): MatchSettings => values,
});

/** What has this path. */
export function matchPath(...path: string[]): MatchSettings {
  const nothing = {
    host: [],
    method: [],
    scheme: [],
    address: [],
    header: {},
    query: {},
    variable: {},
    internal: false,
  };
  return { path, ...nothing, not: null };
}
