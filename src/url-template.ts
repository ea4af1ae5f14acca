/**
 * URLs made of templates: where a redirect leads, and what a path is rewritten to. What a stranger has brought into one
 * stays where the template put it: it ends no line, adds no parameter, and never names another host.
 */
import { encodePath, escapeByte } from './base/url-path.ts';
import { compileTemplate, type Escaping, type Template } from './variables.ts';

/** Completes "allowed: …". */
export const URL_ALLOWED =
  'a template of a path like /new/{1} or of a URL like https://{host}{uri}, whose host no client can choose';
export const PATH_ALLOWED = 'a template of a path like /new/{1}, and of a query if it has one';

/** In these everything is percent-encoded already where it has to be. */
const AS_SENT = /^(path|uri|query|query\..*)$/;
/** What a client cannot make the host of somebody else's redirect. */
const HOSTS = /^(host|authority|port|scheme|environ\..*)$/;
/** The host that a URL names, up to the end of the text. */
const IN_HOST = /^([a-z][a-z\d+.-]*|\{scheme\}):\/\/[^/?#]*$/i;
const ABSOLUTE = /^([a-z][a-z\d+.-]*|\{scheme\}):\/\/[^/?#]/i;

/** Null when the text is no template of a URL. */
export function compileUrl(text: string): Template | null {
  if (!ABSOLUTE.test(text)) return compilePath(text);
  // The whole host of a stranger's choice: an open redirect.
  const [, first] = /^[^:]*:\/\/\{([^}]*)\}(?![^/?#{]*\.[^/?#{])/.exec(text) ?? [];
  if (first !== undefined && !HOSTS.test(first)) return null;
  const template = compileTemplate(text, escapeForUrl);
  return template === null ? null : (exchange) => printable(template(exchange));
}

/** Of a path, and of a query when it has one. */
export function compilePath(text: string): Template | null {
  if (!/^[/{]/.test(text) || ABSOLUTE.test(text)) return null;
  const template = compileTemplate(text, escapeForUrl);
  if (template === null) return null;
  // Two slashes would name a host.
  return (exchange) => `/${printable(template(exchange)).replace(/^\/+/, '')}`;
}

const escapeForUrl: Escaping = (name, before, after) => {
  if (IN_HOST.test(before)) {
    const isPartOfHost = HOSTS.test(name) || /^[^/?#{]*\.[^/?#{]/.test(after);
    return isPartOfHost ? keepHost : (value) => `/${encoded(name, value, encodePath).replace(/^\/+/, '')}`;
  }
  const encode = /[?#]/.test(before) ? encodeParameter : encodePath;
  return (value) => encoded(name, value, encode);
};

function encoded(name: string, value: string, encode: (value: string) => string): string {
  return AS_SENT.test(name) ? value : encode(value);
}

function keepHost(value: string): string {
  return value.replace(/[^\w.:[\]-]/g, '');
}

function encodeParameter(value: string): string {
  return encodePath(value).replace(/[&+=;]/g, escapeByte);
}

/** What no URL may hold, wherever it came from. */
function printable(url: string): string {
  return url.replace(/[^\x21-\x7e]|["<>\\^`{|}]/g, escapeByte);
}
