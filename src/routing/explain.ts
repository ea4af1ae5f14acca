/**
 * Why a request is answered as it is: the same compiled routes that serve it, with handlers that only say what they are.
 */
import type { Configuration } from '../config/configuration.ts';
import type { FeatureSettings } from '../config/sections/features.ts';
import type { RouteSettings } from '../config/sections/route.ts';
import type { Request } from '../exchange.ts';
import type { Handler, Middleware } from '../handler.ts';
import { compileSites } from './compile-sites.ts';
import { ProbeExchange } from './probe-exchange.ts';

/** One line of the explanation. */
export interface Step {
  /** `no`: a route that does not match. `adds`: one that matches and leaves the answer to others. */
  readonly verdict: 'site' | 'no' | 'adds' | 'answers';
  /** Where it stands in the configuration. */
  readonly place: string;
  readonly why: string;
}

/** What the steps are read from. `null` in a feature or an answer: not there. */
type Given = Readonly<Record<string, unknown>>;

export interface ExplainParts {
  readonly featureNames: readonly string[];
  readonly answerNames: readonly string[];
  /** Features that change the request for what follows; null when there are none. */
  readonly rewriting: (settings: FeatureSettings) => Middleware | null;
  readonly mountPoint: (application: string) => string | null;
}

export function explain(
  { features, sites }: Pick<Configuration, 'features' | 'sites'>,
  request: Request,
  parts: ExplainParts,
): Step[] {
  const steps: Step[] = [];
  const { featureNames, answerNames, rewriting } = parts;
  const given = (settings: object, names: readonly string[]) =>
    names.filter((name) => (settings as Given)[name] !== null);
  const adds = (place: string, settings: FeatureSettings) => {
    const added = [...given(settings, featureNames), ...settings.off.map((name) => `no ${name}`)];
    if (added.length > 0) steps.push({ verdict: 'adds', place, why: added.join(', ') });
  };
  const says = (place: string, why: string): Handler => {
    return () => steps.push({ verdict: 'answers', place, why });
  };
  adds('the top of the file', { ...features, off: [] });
  const handle = compileSites(features, sites, {
    features: rewriting,
    rewriting,
    hasAnswer: (route) => given(route, answerNames).length > 0,
    answer: (route) => {
      const [name] = given(route, answerNames);
      return name === undefined ? null : says(route.place, describe(name, route));
    },
    onSite: (site) => {
      const why = site.isDefault ? 'no other site has this name' : site.hosts.join(', ');
      steps.push({ verdict: 'site', place: site.place, why });
      adds(site.place, site.features);
    },
    onTried: (route, matcher, exchange) => {
      const failures = matcher.failures(exchange);
      if (failures.length > 0)
        return steps.push({ verdict: 'no', place: route.place, why: failures.join('; ') });
      adds(route.place, route);
    },
    application: (name) => {
      const mountPoint = parts.mountPoint(name);
      if (mountPoint === null) return null;
      return { mountPoint, handle: says(`application ${name}`, `mounted at ${mountPoint}`) };
    },
    staticFiles: ({ url, path }) => says(`url-alias ${url}`, path),
    notFound: says('nothing', 'the answer is 404'),
    misdirected: says('no site', 'none has this name, and there is no default site: the answer is 421'),
  });
  handle(new ProbeExchange(request));
  return steps;
}

function describe(name: string, route: RouteSettings): string {
  const value = (route as unknown as Given)[name];
  return typeof value === 'string' ? `${name} ${value}` : name;
}
