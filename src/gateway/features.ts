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
  'response-headers': async () =>
    (await import('../middleware/response-headers/response-headers.ts')).responseHeaders,
  'error-pages': async () => (await import('../middleware/error-pages/error-pages.ts')).errorPages,
  'address-rules': async () => (await import('../middleware/address-rules/address-rules.ts')).addressRules,
  'limit-requests': async () =>
    (await import('../middleware/limit-requests/limit-requests.ts')).limitRequests,
  'limit-in-flight': async () =>
    (await import('../middleware/limit-in-flight/limit-in-flight.ts')).limitInFlight,
  'limit-request-body': async () =>
    (await import('../middleware/limit-request-body/limit-request-body.ts')).limitRequestBody,
  'client-certificate': async () =>
    (await import('../middleware/client-certificate/client-certificate.ts')).clientCertificate,
  'signed-links': async () => (await import('../middleware/signed-links/signed-links.ts')).signedLinks,
  'basic-auth': async () => (await import('../middleware/basic-auth/basic-auth.ts')).basicAuth,
  'digest-auth': async () => (await import('../middleware/digest-auth/digest-auth.ts')).digestAuth,
  'auth-scripts': async () => (await import('../middleware/auth-scripts/auth-scripts.ts')).authScripts,
  'forward-auth': async () => (await import('../middleware/forward-auth/forward-auth.ts')).forwardAuth,
  cache: async () => (await import('../middleware/cache/cache.ts')).cache,
  compress: async () => (await import('../middleware/compress/compress.ts')).compress,
  'request-headers': async () =>
    (await import('../middleware/request-headers/request-headers.ts')).requestHeaders,
  rewrite: async () => (await import('../middleware/rewrite/rewrite.ts')).rewrite,
  sendfile: async () => (await import('../middleware/sendfile/sendfile.ts')).sendfile,
} satisfies Loaders<Pick<FeatureSettings, FeatureName>>;

const ANSWERS = {
  application: async () => (name, tools) => {
    const application = tools.application(name);
    return application && mounted(application, notMounted);
  },
  redirect: async () => (await import('../handlers/redirect/redirect.ts')).redirect,
  files: async () => (await import('../handlers/static-files/static-files.ts')).staticFiles,
  proxy: async () => {
    const { createProxy } = await import('../handlers/proxy/proxy.ts');
    return (settings, { upstreams }) => createProxy(settings, upstreams!.toolsFor(settings));
  },
  respond: async () => (await import('../handlers/respond/respond.ts')).respond,
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
