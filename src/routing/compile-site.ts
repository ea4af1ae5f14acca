/**
 * Routing: which handler answers a request. Compiled once when the configuration is loaded, so that a site without
 * aliases costs a request one comparison.
 *
 * URL aliases come first, the longest first, as mod_wsgi-express sorts them; then the application at its mount
 * point. Aliases match the canonical path (see base/url-path.ts), as nginx and Apache do, so that `/%73tatic`,
 * `//static` and `/x/../static` all reach `/static`, and none of them slips past a longer alias into a shorter one.
 * The mount point matches the path as it was sent: that is what the application gets to see.
 */
import { canonicalPath, isBelow, pathPrefix } from '../base/url-path.ts';
import type { SiteSettings, UrlAlias } from '../config/configuration.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler } from '../handler.ts';

export interface SiteHandlers {
  /** null: this site has static files only. */
  readonly application: Handler | null;
  readonly staticFiles: (alias: UrlAlias) => Handler;
  readonly notFound: Handler;
}

export function compileSite(site: SiteSettings, handlers: SiteHandlers): Handler {
  const application = mounted(site.mountPoint, handlers);
  return answerOptionsOfServer(
    site.urlAliases.length === 0 ? application : aliased(site, handlers, application),
  );
}

function mounted(mountPoint: string, { application, notFound }: SiteHandlers): Handler {
  if (application === null) return notFound;
  const prefix = pathPrefix(mountPoint);
  if (prefix === '') return application;
  return (exchange) =>
    isBelow(exchange.request.decodedPath, prefix) ? application(exchange) : notFound(exchange);
}

function aliased(site: SiteSettings, handlers: SiteHandlers, otherwise: Handler): Handler {
  const aliases = site.urlAliases
    .map((alias) => ({ prefix: pathPrefix(alias.url), handler: handlers.staticFiles(alias) }))
    .sort((a, b) => b.prefix.length - a.prefix.length);
  return (exchange) => {
    const path = canonicalPath(exchange.request.decodedPath);
    for (const alias of aliases) if (isBelow(path, alias.prefix)) return alias.handler(exchange);
    otherwise(exchange);
  };
}

/** `OPTIONS *` asks about the server as a whole (RFC 9110, section 9.3.7), so no application answers it. */
function answerOptionsOfServer(next: Handler): Handler {
  return (exchange) => (exchange.request.path === '*' ? optionsOfServer(exchange) : next(exchange));
}

const ALLOW = ['Allow', 'GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS'];

function optionsOfServer(exchange: Exchange): void {
  exchange.respond(200, ALLOW, '');
}
