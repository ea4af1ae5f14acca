/** `proxy`: requests are answered by other servers. */
import { isNested, nested, type PartValues, section } from '../section.ts';
import { list, map, one } from '../setting.ts';
import { parseUpstreamUrl } from '../upstream-address.ts';
import { count, onOff, seconds, text } from '../value-types.ts';
import { type ScriptsSettings, scripts } from './scripts.ts';
import { cgiVariable, proxyTarget, template, token } from './types.ts';
import { type UpstreamSettings, upstreamOf } from './upstream.ts';

export interface ProxySettings {
  /** Of an upstream of the configuration, or what messages call the one that the route describes itself. */
  readonly upstreamName: string;
  /** Null: one of [upstreams]. */
  readonly upstream: UpstreamSettings | null;
  /** What takes the place of the matched part of the path; '' when the path stays as it is. */
  readonly path: string;
  /** `preserve`: as the client named it; `upstream`: as the URL or the address does; else this one. */
  readonly host: string;
  /** How the URL names it, for `host` and redirects; null: by the address of the server. */
  readonly authority: string | null;
  /** Whether servers get the Authorization field; null: those that speak HTTP do. */
  readonly passAuthorization: boolean | null;
  /** CGI variables beside those of the request, each with a template; for servers that speak a gateway protocol. */
  readonly params: Readonly<Record<string, string>>;
  /** Null: the servers do not run files. */
  readonly scripts: ScriptsSettings | null;
  /** The field, in lower case, whose path takes the place of an answer; `location`: as CGI has it; `off`: none. */
  readonly internalRedirect: string;
  readonly addsForwarded: boolean;
  readonly via: string | null;
  readonly requestBuffering: boolean;
  readonly responseBuffering: boolean;
  readonly connectTimeoutMs: number;
  readonly sendTimeoutMs: number;
  readonly readTimeoutMs: number;
  /** A connection that was switched to another protocol, without any bytes on it. */
  readonly tunnelTimeoutMs: number;
  /** Protocols that may be switched to, in lower case. */
  readonly upgrade: readonly string[];
  readonly retry: RetrySettings;
  /** In Location and Refresh: what they begin with, and what takes its place. */
  readonly redirects: Readonly<Record<string, string>>;
  readonly cookieDomains: Readonly<Record<string, string>>;
  readonly cookiePaths: Readonly<Record<string, string>>;
}

export interface RetrySettings {
  readonly onError: boolean;
  readonly onTimeout: boolean;
  /** Answers that are given to another server. */
  readonly onStatuses: readonly number[];
  /** Servers that are asked at most; 0: no limit. */
  readonly triesMax: number;
  /** 0: no limit. */
  readonly timeoutMs: number;
  /** Also requests that change something, and that a server may have begun with. */
  readonly nonIdempotent: boolean;
}

const RETRY_ON = /^(error|timeout|non-idempotent|[45]\d\d)$/;
const SECONDS_60 = 60;

const parts = {
  to: one(proxyTarget, {
    default: '',
    help: 'one of [upstreams], or a URL; a path in it takes the place of what the match has before its *',
  }),
  host: one(text('HOST', /^[!-~]+$/, 'preserve, upstream, or a host name'), {
    default: 'preserve',
    help: 'the Host field: that of the client (preserve), that of the server (upstream), or this one',
  }),
  forwarded: one(onOff, {
    default: true,
    help: 'say in X-Forwarded-For, -Host, -Proto and Forwarded for whom; else these fields are taken away',
  }),
  'pass-authorization': one(onOff, {
    default: null,
    defaultText: 'on for HTTP, off for the gateway protocols',
    help: 'give the Authorization field of the client to the servers',
  }),
  params: map(cgiVariable, template, {
    help: 'CGI variables beside those of the request, for servers that do not speak HTTP',
  }),
  scripts: nested(scripts),
  'internal-redirect': one(token, {
    default: 'Location',
    help: 'the field of an answer that names another path of this server, whose answer takes its place; off for none',
  }),
  via: one(token, {
    default: null,
    help: 'name of this server for the Via field; without it there is none',
  }),
  'request-buffering': one(onOff, {
    default: false,
    help: 'collect the body of a request before a server gets it, so that it can be sent again',
  }),
  'response-buffering': one(onOff, {
    default: true,
    help: 'take an answer as fast as it comes, so that a slow client holds no server',
  }),
  'connect-timeout': one(seconds(), { default: SECONDS_60, help: 'time for a connection' }),
  'send-timeout': one(seconds(), {
    default: SECONDS_60,
    help: 'longest wait for a server to take any bytes of the request',
  }),
  'read-timeout': one(seconds(), {
    default: SECONDS_60,
    help: 'longest wait for any bytes of the answer',
  }),
  'tunnel-timeout': one(seconds(), {
    default: 3600,
    help: 'time that a WebSocket may be silent in both directions',
  }),
  upgrade: list(token, { help: 'protocols that may be switched to', defaultText: 'websocket' }),
  'retry-on': list(text('REASON', RETRY_ON, 'error, timeout, non-idempotent or a status from 400 to 599'), {
    defaultText: 'error and timeout',
    help: 'what makes us ask another server, where that is safe',
  }),
  'retry-tries': one(count(0, 100), { default: 0, help: 'servers that are asked at most; 0 for all' }),
  'retry-timeout': one(seconds('no limit'), { default: 0, help: 'time after which no other is asked' }),
  redirects: map(text('TEXT'), text('TEXT'), {
    help: 'in Location: what it begins with, and what takes the place of that',
  }),
  'cookie-domains': map(text('DOMAIN'), text('DOMAIN'), {
    help: 'domains in cookies of the servers, and what takes their place',
  }),
  'cookie-paths': map(text('PATH'), text('PATH'), {
    help: 'what paths in cookies of the servers begin with, and what takes its place',
  }),
};

export const proxy = section({
  help: 'requests are answered by other servers',
  short: 'to',
  required: ['to'],
  parts,
  build: (values, place): ProxySettings => {
    const settings = settingsOf(values);
    const mistake = settings.upstream && wrongForHttp(settings, settings.upstream);
    if (mistake !== null)
      place.refuse(mistake.key, `${mistake.key} for a server that speaks HTTP`, mistake.allowed);
    return settings;
  },
});

/** A key that only servers of the gateway protocols understand, where none of them is one; null: nothing is wrong. */
export function wrongForHttp(
  { params, scripts }: ProxySettings,
  { members }: UpstreamSettings,
): { readonly key: string; readonly allowed: string } | null {
  const key = scripts !== null ? 'scripts' : Object.keys(params).length > 0 ? 'params' : null;
  const speaksHttp = members.every(
    ({ scheme }) => scheme === null || scheme === 'http' || scheme === 'https',
  );
  const allowed =
    'an address that says what the server speaks, like uwsgi://HOST:PORT or fastcgi://unix:PATH';
  return key === null || !speaksHttp ? null : { key, allowed };
}

/** With the defaults. */
export function proxyTo(to: string): ProxySettings {
  const defaults = Object.entries(parts).map(([name, part]) => [name, isNested(part) ? null : part.default]);
  return settingsOf({ ...Object.fromEntries(defaults), to });
}

function settingsOf(values: PartValues<typeof parts>): ProxySettings {
  const url = parseUpstreamUrl(values.to);
  const retryOn = values['retry-on'].length === 0 ? ['error', 'timeout'] : values['retry-on'];
  const upgrade = values.upgrade.length === 0 ? ['websocket'] : values.upgrade;
  return {
    upstreamName: url?.server ?? values.to,
    upstream: url === null ? null : upstreamOf(url.address),
    path: url?.path ?? '',
    host: values.host,
    authority: url?.authority ?? null,
    passAuthorization: values['pass-authorization'],
    params: values.params,
    scripts: values.scripts,
    internalRedirect: values['internal-redirect'].toLowerCase(),
    addsForwarded: values.forwarded,
    via: values.via,
    requestBuffering: values['request-buffering'],
    responseBuffering: values['response-buffering'],
    connectTimeoutMs: values['connect-timeout'] * 1000,
    sendTimeoutMs: values['send-timeout'] * 1000,
    readTimeoutMs: values['read-timeout'] * 1000,
    tunnelTimeoutMs: values['tunnel-timeout'] * 1000,
    upgrade: upgrade.map((name) => name.toLowerCase()),
    retry: {
      onError: retryOn.includes('error'),
      onTimeout: retryOn.includes('timeout'),
      onStatuses: retryOn.map(Number).filter((status) => !Number.isNaN(status)),
      triesMax: values['retry-tries'],
      timeoutMs: values['retry-timeout'] * 1000,
      nonIdempotent: retryOn.includes('non-idempotent'),
    },
    redirects: values.redirects,
    cookieDomains: values['cookie-domains'],
    cookiePaths: values['cookie-paths'],
  };
}
