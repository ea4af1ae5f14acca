/**
 * The fields of an answer as the client gets them: what concerns only our connection to the server is left out, and URLs,
 * domains and paths of the server become those that the client knows.
 */
import type { ProxySettings } from '../../config/sections/proxy.ts';
import type { FieldList } from '../../exchange.ts';
import type { UpstreamHead } from '../../protocols/http1/response-reading.ts';

/** RFC 9110, section 7.6.1; Trailer is said anew where trailers are passed on. */
const NOT_PASSED_ON = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'proxy-authenticate',
  'te',
  'transfer-encoding',
  'upgrade',
  'x-accel-buffering',
]);

/** Makes the list for the client. `prefix`: what was taken away from the path of the request. */
export type ResponseFilter = (head: UpstreamHead, prefix: string) => FieldList;

interface Derived {
  readonly filter: ResponseFilter;
  readonly fields: FieldList;
}

export function responseFilter(settings: ProxySettings): ResponseFilter {
  const rewrite = rewriter(settings);
  const filter: ResponseFilter = (head, prefix) => {
    const before = head.derived as Derived | null;
    if (before?.filter === filter) return before.fields;
    const fields: string[] = [];
    let isForAll = true;
    for (let i = 0; i < head.fields.length; i += 2) {
      const name = head.fields[i]!;
      const lower = name.toLowerCase();
      if (NOT_PASSED_ON.has(lower) || isNamed(head, lower)) continue;
      // What is made of a redirect depends on the request, too.
      if (lower === 'location') isForAll = false;
      fields.push(name, rewrite(lower, head.fields[i + 1]!, prefix));
    }
    if (settings.via !== null) fields.push('Via', `${head.version.slice(5)} ${settings.via}`);
    if (isForAll) head.derived = { filter, fields } satisfies Derived;
    return fields;
  };
  return filter;
}

/** A server may not hide the framing from us, and Upgrade is for the answer 101. */
function isNamed({ connection }: UpstreamHead, lower: string): boolean {
  return connection.length > 0 && connection.includes(lower) && lower !== 'content-length';
}

type Rewriter = (lower: string, value: string, prefix: string) => string;

function rewriter(settings: ProxySettings): Rewriter {
  const redirects = Object.entries(settings.redirects).map(latin1Pair);
  const domains = new Map(Object.entries(settings.cookieDomains).map(([from, to]) => [bare(from), to]));
  const paths = Object.entries(settings.cookiePaths).map(latin1Pair);
  const rewritesCookies = domains.size > 0 || paths.length > 0;
  // What the server is to the client: as ProxyPassReverse and proxy_redirect default have it.
  const own = settings.authority === null ? null : settings.upstreamName + settings.path;
  return (lower, value, prefix) => {
    if (lower === 'location' || lower === 'content-location') {
      const isOwn = own !== null && redirects.length === 0;
      return replaceStart(value, isOwn ? [[own, settings.path === '' ? '' : `${prefix}/`]] : redirects);
    }
    if (lower === 'refresh') return rewriteRefresh(value, redirects);
    if (lower === 'set-cookie' && rewritesCookies) return rewriteCookie(value, domains, paths);
    return value;
  };
}

type Pair = readonly [from: string, to: string];

function latin1Pair([from, to]: [string, string]): Pair {
  return [Buffer.from(from, 'utf8').latin1Slice(), Buffer.from(to, 'utf8').latin1Slice()];
}

/** The first that fits, up to a boundary: `http://a:80` does not begin `http://a:8080/`. */
function replaceStart(value: string, pairs: readonly Pair[]): string {
  for (const [from, to] of pairs) {
    if (!value.startsWith(from)) continue;
    const rest = value.slice(from.length);
    if (rest === '' || from.endsWith('/') || /^[/?#]/.test(rest)) return to + rest || '/';
  }
  return value;
}

/** `5; url=http://…`. */
function rewriteRefresh(value: string, redirects: readonly Pair[]): string {
  const [, before, url] = /^(\d*[;,]?[\t ]*url=)(.*)$/is.exec(value) ?? [];
  return url === undefined ? value : before + replaceStart(url, redirects);
}

function rewriteCookie(value: string, domains: ReadonlyMap<string, string>, paths: readonly Pair[]): string {
  const [pair = '', ...attributes] = value.split(';');
  const rewritten = attributes.map((attribute) => {
    const equals = attribute.indexOf('=');
    const name = attribute.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    const before = attribute.slice(0, equals + 1);
    const found = attribute.slice(equals + 1).trim();
    if (name === 'path') return before + replaceStart(found, paths);
    if (name === 'domain') return before + (domains.get(bare(found)) ?? found);
    return attribute;
  });
  return [pair, ...rewritten].join(';');
}

function bare(domain: string): string {
  return domain.toLowerCase().replace(/^\./, '');
}
