/**
 * Routes, compiled. They are tried from top to bottom; each that matches adds its features, which hold for all that
 * follows, and the first that has an answer answers. What stands further out and is switched off by one of them is left
 * out from the beginning: see switched-off.ts.
 */
import { climbs } from '../base/url-path.ts';
import type { FeatureName, FeatureSettings } from '../config/sections/features.ts';
import type { RouteSettings } from '../config/sections/route.ts';
import type { Exchange } from '../exchange.ts';
import type { Handler, Middleware } from '../handler.ts';
import { compileMatcher, type Matcher } from './matcher.ts';

/** Features of places further out that do not hold for the request. */
export type Off = ReadonlySet<FeatureName>;

export const NOTHING_OFF: Off = new Set();

export interface RouteParts {
  /** What the features of a route do, without those that are off; null when there are none. */
  readonly features: (route: FeatureSettings, off: Off) => Middleware | null;
  /** Null: the routes behind it answer, which are `next`. */
  readonly answer: (route: RouteSettings, next: Handler) => Handler | null;
  /** Whoever wants to know how a route was chosen. */
  readonly onTried?: (route: RouteSettings, matcher: Matcher, exchange: Exchange) => void;
}

/**
 * `otherwise` answers what no route answers. `off`: what routes switch off that the request will come by; it was left out
 * on the way to here.
 */
export function compileRoutes(
  routes: readonly RouteSettings[],
  parts: RouteParts,
  otherwise: Handler,
  off = NOTHING_OFF,
): Handler {
  const compiled = new RouteChain(routes, parts, otherwise).from(0, off);
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

/**
 * A guard was left out for a route that the request has not come by after all, because something on its way has changed it
 * in a way that nobody could foresee: then nobody answers.
 */
const astray: Handler = (exchange) =>
  exchange.abort(500, 'The routes of this address contradict each other.');

class RouteChain {
  readonly #routes: readonly RouteSettings[];
  readonly #matchers: readonly Matcher[];
  readonly #parts: RouteParts;
  readonly #otherwise: Handler;
  readonly #guards: ReadonlySet<FeatureName>;
  /** By the first route and what is off. */
  readonly #compiled = new Map<string, Handler>();

  constructor(routes: readonly RouteSettings[], parts: RouteParts, otherwise: Handler) {
    this.#routes = routes;
    this.#matchers = routes.map(({ match }) => compileMatcher(match));
    this.#parts = parts;
    this.#otherwise = otherwise;
    this.#guards = new Set(routes.flatMap(({ opens }) => opens));
  }

  /** The routes from `first` on. `off`: what was left out; guards among it have to be switched off before anybody answers. */
  from(first: number, off: Off): Handler {
    if (first === this.#routes.length) return this.#isAstray(off) ? astray : this.#otherwise;
    const key = `${first} ${[...off].join()}`;
    const known = this.#compiled.get(key) ?? this.#compile(first, off);
    this.#compiled.set(key, known);
    return known;
  }

  #isAstray(off: Off): boolean {
    return [...off].some((name) => this.#guards.has(name));
  }

  #compile(index: number, off: Off): Handler {
    const { answer, features, onTried } = this.#parts;
    const route = this.#routes[index]!;
    const matcher = this.#matchers[index]!;
    const next = this.from(index + 1, off);
    const isOff = route.off.some((name) => off.has(name));
    const left = isOff ? new Set([...off].filter((name) => !route.off.includes(name))) : off;
    const follows = isOff ? this.from(index + 1, left) : next;
    const made = answer(route, follows);
    const inner = made === null ? follows : this.#isAstray(left) ? astray : made;
    const chosen = features(route, left)?.(inner) ?? inner;
    if (onTried !== undefined) {
      return (exchange) => {
        onTried(route, matcher, exchange);
        (matcher.matches(exchange) ? chosen : next)(exchange);
      };
    }
    if (route.match === null) return chosen;
    return (exchange) => (matcher.matches(exchange) ? chosen(exchange) : next(exchange));
  }
}
