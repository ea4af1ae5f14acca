/**
 * Routes, compiled. They are tried from top to bottom; each that matches adds its features, which hold for all that
 * follows, and the first that has an answer answers.
 */
import { climbs } from '../base/url-path.ts';
import type { RouteSettings } from '../config/sections/route.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler, Middleware } from '../handler.ts';
import { compileMatcher, type Matcher } from './matcher.ts';

export interface RouteParts {
  /** What the features of a route do; null when it has none. */
  readonly features: (route: RouteSettings) => Middleware | null;
  /** Null: the routes behind it answer, which are `next`. */
  readonly answer: (route: RouteSettings, next: Handler) => Handler | null;
  /** Whoever wants to know how a route was chosen. */
  readonly onTried?: (route: RouteSettings, matcher: Matcher, exchange: Exchange) => void;
}

/** `otherwise` answers what no route answers. */
export function compileRoutes(
  routes: readonly RouteSettings[],
  parts: RouteParts,
  otherwise: Handler,
): Handler {
  const compiled = routes.reduceRight((next, route) => compileRoute(route, parts, next), otherwise);
  return routes.some(({ match }) => match !== null) ? refuseClimbing(compiled) : compiled;
}

/**
 * `/admin/../public` is `/public` to a route and may be below `/admin` to what answers, which gets the path as it came.
 * Where routes decide who may see what, there must not be two readings.
 */
function refuseClimbing(next: Handler): Handler {
  return (exchange) => {
    if (climbs(exchange.request.decodedPath)) exchange.abort(400, 'The path has a segment "..".');
    else next(exchange);
  };
}

function compileRoute(route: RouteSettings, parts: RouteParts, next: Handler): Handler {
  const matcher = compileMatcher(route.match);
  const inner = parts.answer(route, next) ?? next;
  const chosen = parts.features(route)?.(inner) ?? inner;
  const { onTried } = parts;
  if (onTried !== undefined) {
    return (exchange) => {
      onTried(route, matcher, exchange);
      (matcher.matches(exchange) ? chosen : next)(exchange);
    };
  }
  if (route.match === null) return chosen;
  return (exchange) => (matcher.matches(exchange) ? chosen(exchange) : next(exchange));
}
