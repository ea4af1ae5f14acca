/** Rules between sites, routes and applications. */
import { closest } from '../base/closest.ts';
import { quote } from './origin.ts';
import type { Sections } from './sections/table.ts';

/** What is wrong, each complete with its place. */
export function findSiteMistakes({ routes, sites }: Sections, applications: readonly string[]): string[] {
  const named = [...routes, ...sites, ...sites.flatMap((site) => site.routes)];
  const unknown = named.flatMap(({ application, place }) =>
    application === null || applications.includes(application)
      ? []
      : [`${place}.application: found ${quote(application)}; ${allowedNames(application, applications)}`],
  );
  return [...unknown, ...findSharedHosts(sites)];
}

function allowedNames(found: string, names: readonly string[]): string {
  const meant = closest(found, names);
  const allowed = names.length === 0 ? 'none: there are no [applications]' : names.join(', ');
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
