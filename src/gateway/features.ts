/** From what the configuration says of features and answers to the middleware and the handlers that do it. */
import type { StatusSources } from '../admin/status/status-report.ts';
import type { Configuration } from '../config/configuration.ts';
import type { AnswerSettings } from '../config/sections/answers.ts';
import type { FeatureName, FeatureSettings } from '../config/sections/features.ts';
import type { RouteSettings } from '../config/sections/route.ts';
import type { Handler, Middleware } from '../handler.ts';
import type { FileStore } from '../handlers/static-files/file-store.ts';
import type { PasswordChecks } from '../middleware/basic-auth/password-checks.ts';
import type { ResponseStore } from '../middleware/cache/store.ts';
import { type MountedApplication, mounted, type SiteParts } from '../routing/compile-sites.ts';
import type { Log } from '../telemetry/log.ts';
import type { ProxyUpstreams } from './proxy-upstreams.ts';

/** What features and answers are made with. */
export interface Tools {
  readonly application: (name: string) => MountedApplication | null;
  /** Of all caches. */
  readonly cacheStore: ResponseStore;
  readonly files: FileStore;
  readonly log: Log;
  readonly passwordChecks: PasswordChecks;
  /** Of this gateway alone: see nonces.ts. */
  readonly nonceKey: Buffer;
  /** Null when nothing is passed on. */
  readonly upstreams: ProxyUpstreams | null;
  /** Null when no page is configured. */
  readonly status: StatusSources | null;
}

type Loaders<S> = {
  readonly [K in keyof S]: () => Promise<
    (settings: NonNullable<S[K]>, tools: Tools, next: Handler) => unknown
  >;
};

/** In the order in which a request meets them. Only those that a configuration has are loaded. */
const FEATURES = {
  geoip: async () => {
    const { geoip } = await import('../middleware/geoip/geoip.ts');
    return (settings, { log }) => geoip(settings, log);
  },
  'response-headers': () =>
    import('../middleware/response-headers/response-headers.ts').then((module) => module.responseHeaders),
  'error-pages': () => import('../middleware/error-pages/error-pages.ts').then((module) => module.errorPages),
  'address-rules': () =>
    import('../middleware/address-rules/address-rules.ts').then((module) => module.addressRules),
  'limit-requests': () =>
    import('../middleware/limit-requests/limit-requests.ts').then((module) => module.limitRequests),
  'limit-in-flight': () =>
    import('../middleware/limit-in-flight/limit-in-flight.ts').then((module) => module.limitInFlight),
  'limit-request-body': () =>
    import('../middleware/limit-request-body/limit-request-body.ts').then(
      (module) => module.limitRequestBody,
    ),
  'client-certificate': () =>
    import('../middleware/client-certificate/client-certificate.ts').then(
      (module) => module.clientCertificate,
    ),
  'signed-links': () =>
    import('../middleware/signed-links/signed-links.ts').then((module) => module.signedLinks),
  'basic-auth': () => import('../middleware/basic-auth/basic-auth.ts').then((module) => module.basicAuth),
  'digest-auth': () => import('../middleware/digest-auth/digest-auth.ts').then((module) => module.digestAuth),
  'auth-scripts': () =>
    import('../middleware/auth-scripts/auth-scripts.ts').then((module) => module.authScripts),
  'forward-auth': () =>
    import('../middleware/forward-auth/forward-auth.ts').then((module) => module.forwardAuth),
  cache: () => import('../middleware/cache/cache.ts').then((module) => module.cache),
  compress: () => import('../middleware/compress/compress.ts').then((module) => module.compress),
  'request-headers': () =>
    import('../middleware/request-headers/request-headers.ts').then((module) => module.requestHeaders),
  rewrite: () => import('../middleware/rewrite/rewrite.ts').then((module) => module.rewrite),
  sendfile: () => import('../middleware/sendfile/sendfile.ts').then((module) => module.sendfile),
} satisfies Loaders<Pick<FeatureSettings, FeatureName>>;

const ANSWERS = {
  application: async () => (name, tools) => {
    const application = tools.application(name);
    return application && mounted(application, notMounted);
  },
  redirect: () => import('../handlers/redirect/redirect.ts').then((module) => module.redirect),
  files: () => import('../handlers/static-files/static-files.ts').then((module) => module.staticFiles),
  proxy: async () => {
    const { createProxy } = await import('../handlers/proxy/proxy.ts');
    return (settings, { upstreams }) => createProxy(settings, upstreams!.toolsFor(settings));
  },
  respond: () => import('../handlers/respond/respond.ts').then((module) => module.respond),
  'status-page': async () => {
    const { statusPage } = await import('../admin/status/status-page.ts');
    return (settings, { status }) => status && statusPage(settings, status);
  },
} satisfies Loaders<AnswerSettings>;

type FeatureMaker = readonly [FeatureName, (settings: never, tools: Tools) => Middleware];
type AnswerMaker = readonly [
  keyof AnswerSettings,
  (settings: never, tools: Tools, next: Handler) => Handler | null,
];

/** The features and answers of a configuration. */
export interface LoadedFeatures {
  readonly features: readonly FeatureMaker[];
  readonly answers: readonly AnswerMaker[];
}

export async function loadFeatures({ features, sites }: Configuration): Promise<LoadedFeatures> {
  const routes = sites.flatMap((site) => site.routes);
  const places = [features, ...sites.map((site) => site.features), ...routes];
  return {
    features: (await loadUsed<FeatureName>(FEATURES, places)) as FeatureMaker[],
    answers: (await loadUsed<keyof AnswerSettings>(ANSWERS, routes)) as AnswerMaker[],
  };
}

function loadUsed<N extends keyof RouteSettings>(
  loaders: Readonly<Record<N, () => Promise<unknown>>>,
  places: readonly Pick<RouteSettings, N>[],
): Promise<(readonly [N, unknown])[]> {
  const used = (Object.keys(loaders) as N[]).filter((name) => places.some((place) => place[name] !== null));
  return Promise.all(used.map(async (name) => [name, await loaders[name]()] as const));
}

/** Makes each feature once, however many ways lead through it: what it counts and remembers is one. */
export function featureMaker(makers: LoadedFeatures['features'], tools: Tools): SiteParts['features'] {
  const known = new WeakMap<object, Middleware>();
  return (settings, off) => {
    const made = makers.flatMap(([name, make]) => {
      const own = settings[name];
      if (own === null || off.has(name)) return [];
      const middleware = known.get(own) ?? make(own as never, tools);
      known.set(own, middleware);
      return [middleware];
    });
    if (made.length === 0) return null;
    return (next) => made.reduceRight((handler, middleware) => middleware(handler), next);
  };
}

export function hasAnswer(route: AnswerSettings): boolean {
  return (Object.keys(ANSWERS) as (keyof AnswerSettings)[]).some((name) => route[name] !== null);
}

/** Null when there is none. `next`: what answers where an answer has nothing to say. */
export function makeAnswer(
  makers: LoadedFeatures['answers'],
  settings: AnswerSettings,
  tools: Tools,
  next: Handler,
): Handler | null {
  const chosen = makers.find(([name]) => settings[name] !== null);
  return chosen === undefined ? null : chosen[1](settings[chosen[0]] as never, tools, next);
}

/** A route leads to an application outside of its mount point. */
const notMounted: Handler = (exchange) => exchange.abort(404, 'Nothing is served at this address.');
