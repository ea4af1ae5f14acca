/**
 * What a response is stored under. By default scheme, host, path and query; and the fields with which clients and
 * proxies tell an application that it is reached under another name, because what an answer may depend on must be part
 * of its key: otherwise one request could poison the answers of all others.
 */
import { encodePath } from '../../base/url-path.ts';
import type { Exchange, Request } from '../../exchange.ts';
import type { RequestFields } from '../../fields.ts';

export interface Keys {
  /** Null: too long to be worth it. */
  key(exchange: Exchange): string | null;
  /** What purges name a response by: that which the default key is made of, as a URL. */
  url(request: Request): string;
  /** The same of a URL that a person or an answer has named. Null when it is none of HTTP. */
  normalUrl(text: string, base?: string): string | null;
}

export interface KeySettings {
  /** In place of scheme, host, path and query; null: those. */
  readonly template: ((exchange: Exchange) => string) | null;
  /** Names of parameters that do not count; `utm_*` stands for all that begin so. */
  readonly ignoredParameters: readonly string[];
  /** Parameters in another order are the same. */
  readonly sortsQuery: boolean;
  /** Keeps apart what different caches store in one place. */
  readonly scope: string;
}

const KEY_MAX = 8192;

/** They change what applications take for their own address, or for the request. */
const REDIRECTING = new Set([
  'forwarded',
  'x-forwarded-host',
  'x-forwarded-proto',
  'x-forwarded-scheme',
  'x-forwarded-ssl',
  'x-forwarded-port',
  'x-forwarded-prefix',
  'x-forwarded-server',
  'x-forwarded-path',
  'x-host',
  'x-original-host',
  'x-original-url',
  'x-rewrite-url',
  'x-http-method-override',
  'x-http-method',
  'x-method-override',
  'x-script-name',
]);

export function createKeys({ template, ignoredParameters, sortsQuery, scope }: KeySettings): Keys {
  const isIgnored = parameterFilter(ignoredParameters);
  const keepsQuery = ignoredParameters.length === 0 && !sortsQuery;

  function normalQuery(query: string): string {
    if (query === '' || keepsQuery) return query;
    const parameters = query.split('&').filter((one) => one !== '' && !isIgnored(one));
    return (sortsQuery ? parameters.sort() : parameters).join('&');
  }

  // The same for most requests.
  let known = { scheme: '', authority: '', origin: '' };

  function originOf(scheme: Request['scheme'], authority: string): string {
    if (authority !== known.authority || scheme !== known.scheme) {
      const host = authority.toLowerCase().replace(scheme === 'http' ? /:80$/ : /:443$/, '');
      known = { scheme, authority, origin: `${scheme}://${host}` };
    }
    return known.origin;
  }

  function url({ scheme, authority, scriptName, path, query }: Request): string {
    const normal = normalQuery(query);
    // What a front has taken off the path is part of it to the client, and to the application that makes links.
    const mount = scriptName === '' ? '' : encodePath(scriptName);
    return `${originOf(scheme, authority)}${mount}${path}${normal === '' ? '' : `?${normal}`}`;
  }

  return {
    url,
    key(exchange) {
      const { request } = exchange;
      const name = template === null ? url(request) : template(exchange);
      const key = `${scope}${name}${redirection(request.fields)}`;
      return key.length > KEY_MAX ? null : key;
    },
    normalUrl(text, base) {
      if (!URL.canParse(text, base)) return null;
      const { protocol, host, pathname, search } = new URL(text, base);
      if (protocol !== 'http:' && protocol !== 'https:') return null;
      const normal = normalQuery(search.slice(1));
      return `${protocol}//${host}${pathname}${normal === '' ? '' : `?${normal}`}`;
    },
  };
}

/** '' for nearly all requests. A line feed stands in no field value. */
function redirection(fields: RequestFields): string {
  let found = '';
  const { names, values } = fields;
  for (let i = 0; i < names.length; i++) {
    const { lower } = names[i]!;
    const first = lower.charCodeAt(0);
    if ((first === 120 || first === 102) && REDIRECTING.has(lower)) found += `\n${lower}:${values[i]}`;
  }
  return found;
}

function parameterFilter(patterns: readonly string[]): (parameter: string) => boolean {
  const exact = new Set(patterns.filter((pattern) => !pattern.endsWith('*')));
  const prefixes = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  return (parameter) => {
    const equals = parameter.indexOf('=');
    const name = equals < 0 ? parameter : parameter.slice(0, equals);
    return exact.has(name) || prefixes.some((prefix) => name.startsWith(prefix));
  };
}
