/**
 * The directives of a log format, with Apache's letters and meanings (mod_log_config). A directive is compiled once
 * from its argument, the text in braces, to a function of the exchange. What a client can choose is escaped.
 */
import type { Exchange, FieldList } from '../../exchange.ts';
import { environValue } from '../../variables.ts';
import { escapeLogItem } from './escape.ts';
import { compileTime } from './log-time.ts';

export type Item = (exchange: Exchange) => string;

/** Completes "%{x}T …". */
export class DirectiveError extends Error {}

type Compile = (argument: string | null) => Item;

/** nginx's word for a client that went away before it got an answer, and the status it would have been given. */
const STATUS_CLIENT_GONE = 499;
const STATUS_TIMED_OUT = 408;

/** The status as logged; null when the exchange ended without one. */
export function loggedStatus({ status, outcome }: Exchange): number | null {
  if (status !== 0) return status;
  if (outcome === 'client-gone') return STATUS_CLIENT_GONE;
  return outcome === 'timed-out' ? STATUS_TIMED_OUT : null;
}

const orDash = (text: string | null) => (text === null || text === '' ? '-' : escapeLogItem(text));

/** A directive without an argument, or with one of a few. */
function choice(choices: Readonly<Record<string, Item>>): Compile {
  return (argument) => {
    const item = Object.hasOwn(choices, argument ?? '') ? choices[argument ?? ''] : undefined;
    if (item !== undefined) return item;
    const named = Object.keys(choices).filter((name) => name !== '');
    const allowed = named.map((name) => `{${name}}`).join(', ') || 'none';
    throw new DirectiveError(`has no argument {${argument}}; allowed: ${allowed}`);
  };
}
const plain = (item: Item) => choice({ '': item });

function required(argument: string | null, what: string): string {
  if (argument === null || argument === '') throw new DirectiveError(`needs ${what} in braces`);
  return argument;
}

function responseField(fields: FieldList, lower: string): string | null {
  let all: string | null = null;
  for (let i = 0; i < fields.length; i += 2) {
    if (fields[i]!.toLowerCase() === lower) all = all === null ? fields[i + 1]! : `${all}, ${fields[i + 1]}`;
  }
  return all;
}

const hostName: Item = ({ request }) => orDash(request.authority.replace(/:\d*$/, ''));
const remote: Item = ({ request }) => orDash(request.remoteAddress);
const seconds: Item = ({ durationMs }) => String(Math.floor(durationMs / 1000));
const microseconds: Item = ({ durationMs }) => String(Math.round(durationMs * 1000));
const localPort: Item = ({ request }) => String(request.localPort);
const workerPid: Item = ({ workerPid: pid }) => (pid === 0 ? '-' : String(pid));
/** Nothing is known of it here; the directive is there for formats that are brought along. */
const unknown: Item = () => '-';

/** A request whose head could not be read has no request line: the gateway gives it the method `-`. */
const requestLine: Item = ({ request }) => {
  const { method, target, version } = request;
  return method === '-' ? '-' : `${escapeLogItem(`${method} ${target}`)} ${version}`;
};

/** X: ended before the answer was complete. +: the connection may serve more requests. -: it is closed. */
const connectionStatus: Item = ({ request, responseFields, outcome }) => {
  if (outcome !== 'complete') return 'X';
  const asked = request.fields.joined('connection')?.toLowerCase() ?? '';
  const mayStay = request.version === 'HTTP/1.0' ? asked.includes('keep-alive') : !asked.includes('close');
  const answered = responseField(responseFields, 'connection')?.toLowerCase() ?? '';
  return mayStay && !answered.includes('close') ? '+' : '-';
};

const time: Compile = (argument) => {
  const [, moment, pattern] = /^(begin:|end:)?([\s\S]*)$/.exec(argument ?? '')!;
  const format = compileTime(pattern === '' ? '[%d/%b/%Y:%H:%M:%S %z]' : pattern!);
  if (moment === 'end:')
    return ({ startedAtMs, durationMs }) => escapeLogItem(format(startedAtMs + durationMs));
  return ({ startedAtMs }) => escapeLogItem(format(startedAtMs));
};

export const DIRECTIVES: Readonly<Record<string, Compile>> = {
  a: choice({ '': remote, c: remote }),
  A: plain(({ request }) => orDash(request.localAddress)),
  b: plain(({ bodyBytesSent }) => (bodyBytesSent === 0 ? '-' : String(bodyBytesSent))),
  B: plain(({ bodyBytesSent }) => String(bodyBytesSent)),
  D: plain(microseconds),
  f: plain(unknown),
  h: choice({ '': remote, c: remote }),
  H: plain(({ request }) => request.version),
  i: (argument) => {
    const lower = required(argument, 'the name of a request header field').toLowerCase();
    return ({ request }) => orDash(request.fields.joined(lower));
  },
  l: plain(unknown),
  L: plain(({ id }) => orDash(id)),
  m: plain(({ request }) => orDash(request.method)),
  o: (argument) => {
    const lower = required(argument, 'the name of a response header field').toLowerCase();
    return ({ responseFields }) => orDash(responseField(responseFields, lower));
  },
  p: choice({
    '': localPort,
    canonical: localPort,
    local: localPort,
    remote: ({ request }) => String(request.remotePort),
  }),
  P: choice({ '': workerPid, pid: workerPid }),
  q: plain(({ request }) => (request.query === '' ? '' : `?${escapeLogItem(request.query)}`)),
  r: plain(requestLine),
  s: plain((exchange) => String(loggedStatus(exchange) ?? '-')),
  t: time,
  T: choice({
    '': seconds,
    s: seconds,
    ms: ({ durationMs }) => String(Math.floor(durationMs)),
    us: microseconds,
  }),
  u: plain((exchange) => orDash(environValue(exchange, 'REMOTE_USER'))),
  U: plain(({ request }) => orDash(request.decodedPath)),
  v: plain(hostName),
  V: plain(hostName),
  X: plain(connectionStatus),
};

/** Directives of Apache that are refused, and why: completes "%{x}e …". */
export const REFUSED: Readonly<Record<string, string>> = {
  C: 'is not supported; %{Cookie}i logs all cookies',
  e: 'is not supported, because the environment belongs to the application; %{name}i and %{name}o log header fields',
  I: 'is not supported, because only body bytes are counted',
  k: 'is not supported, because the requests of a connection are not counted',
  n: 'is not supported, because there are no notes of other modules',
  O: 'is not supported, because only body bytes are counted: use %B',
  R: 'is not supported, because handlers have no names here',
  S: 'is not supported, because only body bytes are counted: use %B',
};
