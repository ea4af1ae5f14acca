/**
 * Routing: which handler answers a request. Compiled once when the configuration is loaded, so that a server with one
 * site and no routes costs a request one comparison.
 *
 * The host name chooses the site. In a site its routes come first; then URL aliases, the longest first, as
 * mod_wsgi-express sorts them; then its application at its mount point. Aliases match the canonical path (see
 * base/url-path.ts), as nginx and Apache do, so that `/%73tatic`, `//static` and `/x/../static` all reach `/static`, and
 * none of them slips past a longer alias into a shorter one. The mount point matches the path as it was sent: that is
 * what the application gets to see.
 */
import { canonicalPath, isBelow, pathPrefix } from '../base/url-path.ts';
import type { SiteSettings, UrlAlias, WsgiDirectory } from '../config/configuration.ts';
import type { FeatureSettings } from '../config/sections/features.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler } from '../handler.ts';
import { hostOf } from '../variables.ts';
import { HostTable } from './hosts.ts';
import { compileRoutes, NOTHING_OFF, type Off, type RouteParts } from './routes.ts';
import { findSwitchedOff, type ProbeParts } from './switched-off.ts';

export interface MountedApplication {
  readonly mountPoint: string;
  readonly handle: Handler;
}

export interface SiteParts extends RouteParts, ProbeParts {
  /** Null: there is no application of that name. */
  readonly application: (name: string) => MountedApplication | null;
  /** `next` answers what the alias does not. */
  readonly staticFiles: (alias: UrlAlias, next: Handler) => Handler;
  readonly notFound: Handler;
  /** No site has the host name. */
  readonly misdirected: Handler;
  /** Whoever wants to know which site was chosen. */
  readonly onSite?: (site: SiteSettings) => void;
}

/** `features`: for all sites. */
export function compileSites(
  features: FeatureSettings,
  sites: readonly SiteSettings[],
  parts: SiteParts,
): Handler {
  return answerOptionsOfServer(byHost(features, sites, parts));
}

function byHost(features: FeatureSettings, sites: readonly SiteSettings[], parts: SiteParts): Handler {
  const table = new HostTable<Handler>();
  let otherwise = parts.features(features, NOTHING_OFF)?.(parts.misdirected) ?? parts.misdirected;
  for (const site of sites) {
    const handle = compileSite(features, site, parts);
    if (site.isDefault) otherwise = handle;
    for (const host of site.hosts) table.add(host, handle);
  }
  if (sites.every(({ hosts }) => hosts.length === 0)) return otherwise;
  return (exchange) => {
    const { authority, localPort } = exchange.request;
    (table.find(hostOf(authority), localPort) ?? otherwise)(exchange);
  };
}

function announced(site: SiteSettings, { onSite }: SiteParts, handle: Handler): Handler {
  if (onSite === undefined) return handle;
  return (exchange) => {
    onSite(site);
    handle(exchange);
  };
}

/** One way through the features for each choice of those that routes switch off; most sites have one alone. */
function compileSite(outer: FeatureSettings, site: SiteSettings, parts: SiteParts): Handler {
  const last = mountAll(site, parts);
  const aliases = site.urlAliases.length === 0 ? last : aliased(site, parts, last);
  const compileWay = (off: Off): Handler => {
    const routes = compileRoutes(site.routes, parts, aliases, off);
    const whole = announced(site, parts, parts.features(site.features, off)?.(routes) ?? routes);
    return parts.features(outer, new Set([...off, ...site.features.off]))?.(whole) ?? whole;
  };
  const way = compileWay(NOTHING_OFF);
  const switchedOff = findSwitchedOff(outer, site, parts);
  if (switchedOff === null) return way;
  const ways = new Map([['', way]]);
  return (exchange) => {
    const off = switchedOff(exchange);
    const key = [...off].sort().join();
    let chosen = ways.get(key);
    if (chosen === undefined) {
      chosen = compileWay(off);
      ways.set(key, chosen);
    }
    chosen(exchange);
  };
}

/** Below its mount point each application answers, the longest mount point first. */
function mountAll({ applications, wsgiDirectories }: SiteSettings, parts: SiteParts): Handler {
  const last = applications
    .map((name) => parts.application(name))
    .filter((application) => application !== null)
    .sort((a, b) => pathPrefix(a.mountPoint).length - pathPrefix(b.mountPoint).length)
    .reduce((next, application) => mounted(application, next), parts.notFound);
  return wsgiDirectories.reduce((next, directory) => scriptsOf(directory, parts, next), last);
}

/** Scripts come and go, so theirs are looked up. Each has the name of its mount point. */
function scriptsOf({ url }: WsgiDirectory, parts: SiteParts, otherwise: Handler): Handler {
  const prefix = pathPrefix(url);
  return (exchange) => {
    const path = exchange.request.decodedPath;
    if (!isBelow(path, prefix)) return otherwise(exchange);
    const end = path.indexOf('/', prefix.length + 1);
    const application = parts.application(end < 0 ? path : path.slice(0, end));
    (application?.handle ?? otherwise)(exchange);
  };
}

/** `otherwise` answers what is not below its mount point. */
export function mounted({ mountPoint, handle }: MountedApplication, otherwise: Handler): Handler {
  const prefix = pathPrefix(mountPoint);
  if (prefix === '') return handle;
  return (exchange) =>
    isBelow(exchange.request.decodedPath, prefix) ? handle(exchange) : otherwise(exchange);
}

function aliased(site: SiteSettings, parts: SiteParts, otherwise: Handler): Handler {
  const aliases = site.urlAliases
    .map((alias) => ({ prefix: pathPrefix(alias.url), handler: parts.staticFiles(alias, otherwise) }))
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
