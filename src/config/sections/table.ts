/** The sections that stand at the top of the configuration file, beside the settings. */
import { manyOf, section } from '../section.ts';
import { type FeatureSettings, features } from './features.ts';
import { type RouteSettings, route } from './route.ts';
import { type NamedSite, site } from './site.ts';

export interface Sections {
  /** For everything. */
  readonly features: FeatureSettings;
  /** Of the default site. */
  readonly routes: readonly RouteSettings[];
  readonly sites: readonly NamedSite[];
}

export const sections = section({
  help: 'the configuration file',
  parts: { ...features, routes: manyOf(route), sites: manyOf(site) },
  build: ({ routes, sites, ...features }): Sections => ({ features, routes, sites }),
});

export function isSectionName(name: string): boolean {
  return Object.hasOwn(sections.parts, name);
}
