/** `[[sites]]`: what is served under some host names. */

import { manyOf, section } from '../section.ts';
import { list, one } from '../setting.ts';
import { text } from '../value-types.ts';
import { type FeatureSettings, featureSettings, features } from './features.ts';
import { type RouteSettings, route } from './route.ts';
import { hostPattern } from './types.ts';

/** A site that the file describes. */
export interface NamedSite {
  /** In lower case. */
  readonly hosts: readonly string[];
  readonly application: string | null;
  readonly features: FeatureSettings;
  readonly routes: readonly RouteSettings[];
  /** Where it stands: `vivarium.toml:7: sites[0]`. */
  readonly place: string;
}

export const site = section({
  help: 'what is served under some host names',
  required: ['hosts'],
  parts: {
    hosts: list(hostPattern, { help: 'names: example.org, *.example.org, example.org:8443; * for any' }),
    application: one(text('NAME'), {
      default: null,
      help: 'the application of [applications] that answers what no route answers, below its mount-point',
    }),
    ...features,
    routes: manyOf(route),
  },
  build: ({ hosts, application, routes, ...given }, place): NamedSite => ({
    hosts: hosts.map((host) => host.toLowerCase().replace(/\.(?=:|$)/, '')),
    application,
    features: featureSettings(given),
    routes,
    place: place.text,
  }),
});
