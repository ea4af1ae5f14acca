/**
 * The head of a request as an upstream server that speaks HTTP gets it: what concerns only the connection of the client is left out, and
 * who the client is is said anew, so that it cannot say so itself.
 */
import { canonicalPath, decodePath } from '../../base/url-path.ts';
import type { ProxySettings } from '../../config/sections/proxy.ts';
import type { Exchange, FieldList, Request } from '../../exchange.ts';
import type { RequestFields } from '../../fields.ts';

/** RFC 9110, section 7.6.1, and what we say ourselves. */
const NOT_PASSED_ON = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authorization',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
  'host',
  'content-length',
  'expect',
  'forwarded',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-real-ip',
]);

/** What of it depends on the request alone, not on the server. */
export interface OutgoingRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** The part of the path that was taken away, for X-Forwarded-Prefix; '' for none. */
  readonly prefix: string;
  /** The path that takes its place, decoded; null: the path stays as it is. */
  readonly pathInfo: string | null;
  /** The protocol that the client wants to change to, and may; null for none. */
  readonly upgrade: string | null;
  /** The client takes trailers. */
  readonly takesTrailers: boolean;
}

export function outgoingRequest(exchange: Exchange, settings: ProxySettings): OutgoingRequest {
  const { request } = exchange;
  const { method, fields } = request;
  const upgrade = wantedUpgrade(exchange, settings.upgrade);
  const takesTrailers = /(?:^|,)[\t ]*trailers[\t ]*(?:,|;|$)/i.test(fields.joined('te') ?? '');
  if (settings.path === '')
    return {
      method,
      target: withQuery(request.path, request.query),
      prefix: '',
      pathInfo: null,
      upgrade,
      takesTrailers,
    };
  const rest = exchange.captures?.[1] ?? '';
  const path = settings.path + encodePath(rest);
  const prefix = prefixOf(canonicalPath(request.decodedPath), rest);
  const pathInfo = (decodePath(settings.path) ?? settings.path) + rest;
  return { method, target: withQuery(path, request.query), prefix, pathInfo, upgrade, takesTrailers };
}

/** `size`: bytes of the body; -1 for a chunked one, null for none. `host`: of the server. */
export function requestHead(
  exchange: Exchange,
  outgoing: OutgoingRequest,
  settings: ProxySettings,
  host: string,
  size: number | null,
): string {
  const { request } = exchange;
  let head = `${outgoing.method} ${outgoing.target} HTTP/1.1\r\nHost: ${hostField(request, settings, host)}\r\n`;
  head += passedOn(request.fields, settings.passAuthorization ?? true).lines;
  if (settings.addsForwarded) head += forwardedLines(request, outgoing.prefix);
  if (settings.via !== null) head += `Via: ${request.version.slice(5)} ${settings.via}\r\n`;
  if (outgoing.upgrade !== null) return `${head}Connection: Upgrade\r\nUpgrade: ${outgoing.upgrade}\r\n\r\n`;
  if (outgoing.takesTrailers) head += 'Connection: TE\r\nTE: trailers\r\n';
  if (size === -1) head += 'Transfer-Encoding: chunked\r\n';
  else if (size !== null) head += `Content-Length: ${size}\r\n`;
  else if (request.fields.get('content-length') !== null) head += 'Content-Length: 0\r\n';
  if (exchange.body?.stream?.isAwaited) head += 'Expect: 100-continue\r\n';
  return `${head}\r\n`;
}

const NEVER_IN_TARGET = /[\0-\x20\x7f#]/;

/** Middleware may have made a path that a client could not have sent. */
function withQuery(path: string, query: string): string {
  const target = query === '' ? path : `${path}?${query}`;
  return NEVER_IN_TARGET.test(target)
    ? target.replace(new RegExp(NEVER_IN_TARGET, 'g'), percentEncoded)
    : target;
}

function percentEncoded(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`;
}

/** `host`: the address of the server. */
export function hostField({ authority }: Request, settings: ProxySettings, host: string): string {
  if (settings.host === 'preserve') return authority;
  return settings.host === 'upstream' ? (settings.authority ?? host) : settings.host;
}

/** The fields of a client that a server gets, as a list and as lines. */
interface PassedOn {
  readonly fields: FieldList;
  readonly lines: string;
}

/** Kept with the fields, as clients repeat themselves: with and without those that name a user. */
const known = {
  all: new WeakMap<RequestFields, PassedOn>(),
  anonymous: new WeakMap<RequestFields, PassedOn>(),
};

export function passedOn(fields: RequestFields, passAuthorization: boolean): PassedOn {
  const kept = passAuthorization ? known.all : known.anonymous;
  const before = kept.get(fields);
  if (before !== undefined) return before;
  const named = connectionOptions(fields);
  const list: string[] = [];
  for (let i = 0; i < fields.names.length; i++) {
    const { raw, lower, cgi } = fields.names[i]!;
    // `cgi` is empty for names with an underscore, which could pass for others behind us, and for Proxy.
    if (cgi === '' || NOT_PASSED_ON.has(lower) || named?.has(lower)) continue;
    if (lower === 'authorization' && !passAuthorization) continue;
    list.push(raw, fields.values[i]!);
  }
  const made = { fields: list, lines: linesOf(list) };
  kept.set(fields, made);
  return made;
}

function linesOf(fields: FieldList): string {
  let lines = '';
  for (let i = 0; i < fields.length; i += 2) lines += `${fields[i]}: ${fields[i + 1]}\r\n`;
  return lines;
}

/** Fields that a client may declare to be of its connection alone: not those that others rely on. */
function connectionOptions(fields: RequestFields): Set<string> | null {
  const text = fields.joined('connection');
  if (text === null) return null;
  return new Set(text.toLowerCase().split(/[\t ]*,[\t ]*/));
}

/** For whom we ask, as lines of HTTP. */
export function forwardedLines(
  { remoteAddress, scheme, authority, localPort }: Request,
  prefix: string,
): string {
  const client = remoteAddress === '' ? 'unknown' : remoteAddress;
  const node = client.includes(':') ? `"[${client}]"` : client;
  const host = authority === '' ? '' : `X-Forwarded-Host: ${authority}\r\n`;
  const named = authority === '' ? '' : `;host="${authority}"`;
  const port = localPort === 0 ? '' : `X-Forwarded-Port: ${localPort}\r\n`;
  const stripped = prefix === '' ? '' : `X-Forwarded-Prefix: ${prefix}\r\n`;
  return (
    `X-Forwarded-For: ${client}\r\n${host}X-Forwarded-Proto: ${scheme}\r\n${port}${stripped}` +
    `Forwarded: for=${node}${named};proto=${scheme}\r\n`
  );
}

function wantedUpgrade({ request, body }: Exchange, allowed: readonly string[]): string | null {
  const { fields, method, version } = request;
  const wanted = fields.get('upgrade');
  if (wanted === null || version === 'HTTP/1.0' || method !== 'GET' || body !== null) return null;
  if (!connectionOptions(fields)?.has('upgrade')) return null;
  return allowed.includes(wanted.toLowerCase()) ? wanted : null;
}

/** What is decoded, canonical and latin-1, as it may stand in a request line. */
function encodePath(path: string): string {
  return path.replace(/[^A-Za-z\d\-._~!$&'()*+,;=:@/]/g, percentEncoded);
}

/** `path`: canonical, as what was matched is. */
function prefixOf(path: string, rest: string): string {
  const prefix = path.endsWith(rest) ? path.slice(0, path.length - rest.length) : '';
  return encodePath(prefix).replace(/\/+$/, '');
}
