/**
 * Features that a route switches off (`basic-auth = false`) stand in front of it, at the top of the file, in its site or in
 * a route before it. So a request of a site with such routes is first sent through them as a probe, with nothing but
 * what changes the request on its way; what the routes it comes by have switched off is then left out.
 */
import type { SiteSettings } from '../config/configuration.ts';
import type { FeatureName, FeatureSettings } from '../config/sections/features.ts';
import type { RouteSettings } from '../config/sections/route.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler, Middleware } from '../handler.ts';
import { ProbeExchange } from './probe-exchange.ts';
import { compileRoutes, type Off } from './routes.ts';

export interface ProbeParts {
  /** Features that change the request for what follows; null when there are none. */
  readonly rewriting: (settings: FeatureSettings) => Middleware | null;
  readonly hasAnswer: (route: RouteSettings) => boolean;
}

const stop: Handler = () => {};

/** What routes of the site switch off for a request; null when they never do. `outer`: the features of the top. */
export function findSwitchedOff(
  outer: FeatureSettings,
  { features, routes }: SiteSettings,
  { rewriting, hasAnswer }: ProbeParts,
): ((exchange: Exchange) => Off) | null {
  if (routes.every(({ off }) => off.length === 0)) return null;
  let found = new Set<FeatureName>();
  const parts = {
    features: rewriting,
    answer: (route: RouteSettings) => (hasAnswer(route) ? stop : null),
    onTried: (
      { off }: RouteSettings,
      matcher: { matches(exchange: Exchange): boolean },
      exchange: Exchange,
    ) => {
      if (off.length > 0 && matcher.matches(exchange)) for (const name of off) found.add(name);
    },
  };
  const chain = compileRoutes(routes, parts, stop);
  const probe = [features, outer].reduce((next, place) => rewriting(place)?.(next) ?? next, chain);
  return ({ request, redirects }) => {
    found = new Set();
    probe(new ProbeExchange(request, redirects));
    return found;
  };
}
