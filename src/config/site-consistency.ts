/** Rules between sites, routes and applications. */
import { closest } from '../base/closest.ts';
import { pathPrefix } from '../base/url-path.ts';
import { type Parts, unnamed } from './build.ts';
import { quote } from './origin.ts';
import { type FeatureSettings, guardNames } from './sections/features.ts';
import type { MatchSettings } from './sections/match.ts';
import { wrongForHttp } from './sections/proxy.ts';
import type { RouteSettings } from './sections/route.ts';
import type { Sections } from './sections/table.ts';
import type { ApplicationTable } from './sources/application-tables.ts';

/** What is wrong with what sites and routes say, each complete with its place. */
export function findSiteMistakes({ sections, applications: all }: Parts): string[] {
  const { features, routes, sites } = sections;
  const applications = all.map(({ name }) => name);
  const named = [...routes, ...sites, ...sites.flatMap((site) => site.routes)];
  const unknown = named.flatMap(({ application, place }) =>
    application === null || applications.includes(application)
      ? []
      : [
          `${place}.application: found ${quote(application)}; ${allowedNames(application, applications, 'applications')}`,
        ],
  );
  const blind = findBlindCaches(features, [...routes, ...sites.flatMap((site) => site.routes)], 'cache');
  const blindInSites = sites.flatMap((site) =>
    findBlindCaches(site.features, site.routes, `${site.place}.cache`),
  );
  return [
    ...unknown,
    ...findUpstreamMistakes(sections),
    ...findSharedHosts(sites),
    ...blind,
    ...blindInSites,
  ];
}

/** What is wrong between the applications. `tables`: where those with a table stand. */
export function findApplicationMistakes(parts: Parts, tables: readonly ApplicationTable[]): string[] {
  const { applications, main } = parts;
  const byDefault = [...(main === null ? [] : [main]), ...unnamed(parts)];
  const mountPointOf = (name: string) => applications.find((one) => one.name === name)!.mountPoint;
  return tables.flatMap(({ name, place }) => {
    if (name === main)
      return [`${place}: found the name of the application at the top; allowed: another name`];
    const before = byDefault.slice(0, Math.max(0, byDefault.indexOf(name)));
    const rival = before.find((one) => isSamePath(mountPointOf(one), mountPointOf(name)));
    if (rival === undefined) return [];
    const found = `found at the mount-point of the application ${rival}, which is ${mountPointOf(name)}`;
    return [`${place}: ${found}; allowed: a mount-point of its own, or a site or a route that names it`];
  });
}

function isSamePath(a: string, b: string): boolean {
  return pathPrefix(a) === pathPrefix(b);
}

/** A route sends its requests to a URL or to an upstream that there is, and whose servers know what it says. */
function findUpstreamMistakes({ routes, sites, upstreams }: Sections): string[] {
  const names = Object.keys(upstreams);
  return [...routes, ...sites.flatMap((site) => site.routes)].flatMap(({ proxy, place }) => {
    if (proxy === null || proxy.upstream !== null) return [];
    const { upstreamName } = proxy;
    if (names.includes(upstreamName)) {
      const mistake = wrongForHttp(proxy, upstreams[upstreamName]!);
      if (mistake === null) return [];
      const found = `found ${mistake.key} for an upstream whose servers speak HTTP`;
      return [`${place}.proxy.${mistake.key}: ${found}; allowed: ${mistake.allowed}`];
    }
    const allowed = allowedNames(upstreamName, names, 'upstreams');
    return [`${place}.proxy: found ${quote(upstreamName)}; ${allowed}, or a URL like http://127.0.0.1:3000`];
  });
}

function allowedNames(found: string, names: readonly string[], section: string): string {
  const meant = closest(found, names);
  const allowed = names.length === 0 ? `none: there are no [${section}]` : names.join(', ');
  return `allowed: ${allowed}${meant === null ? '' : `; did you mean ${meant}?`}`;
}

/** A host name is for one site. */
function findSharedHosts(sites: Sections['sites']): string[] {
  const owners = new Map<string, string>();
  const mistakes: string[] = [];
  for (const { hosts, place } of sites) {
    for (const host of hosts) {
      const owner = owners.get(host);
      if (owner === undefined) owners.set(host, place);
      else mistakes.push(`${place}.hosts: found ${quote(host)}; it is in ${owner} already`);
    }
  }
  return mistakes;
}

/** What a route may look at that is no part of a cache's key. */
const UNSEEN = ['address', 'header', 'variable'] as const;
/**
 * A cache that stands before routes answers without asking them: what they choose by must be part of its key, or clients
 * would get what routes keep from them.
 */
function findBlindCaches(
  { cache }: FeatureSettings,
  routes: readonly RouteSettings[],
  place: string,
): string[] {
  // A key of the user's own may have everything in it.
  if (cache === null || cache.key !== null) return [];
  return routes.flatMap((route) => {
    if (route.off.includes('cache')) return [];
    const seen = guardNames.find((guard) => route[guard] !== null) ?? chooses(route.match);
    if (seen === null) return [];
    const found = `${place}: a cache stands before a route with ${seen} (${route.place}), which it cannot see`;
    return [`${found}; allowed: cache in the routes whose answers may be kept, or a key that says it all`];
  });
}

function chooses(match: MatchSettings | null): string | null {
  if (match === null) return null;
  const key = match.internal ? 'internal' : UNSEEN.find((one) => Object.keys(match[one]).length > 0);
  return key === undefined ? chooses(match.not) : `match.${key}`;
}
