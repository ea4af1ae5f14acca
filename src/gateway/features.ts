/** From what the configuration says of features and answers to the middleware and the handlers that do it. */
import { statusPage } from '../admin/status/status-page.ts';
import type { StatusSources } from '../admin/status/status-report.ts';
import type { AnswerSettings } from '../config/sections/answers.ts';
import type { FeatureName, FeatureSettings } from '../config/sections/features.ts';
import type { Handler, Middleware } from '../handler.ts';
import { createProxy } from '../handlers/proxy/proxy.ts';
import { redirect } from '../handlers/redirect/redirect.ts';
import { respond } from '../handlers/respond/respond.ts';
import type { FileStore } from '../handlers/static-files/file-store.ts';
import { staticFiles } from '../handlers/static-files/static-files.ts';
import { addressRules } from '../middleware/address-rules/address-rules.ts';
import { authScripts } from '../middleware/auth-scripts/auth-scripts.ts';
import { basicAuth } from '../middleware/basic-auth/basic-auth.ts';
import type { PasswordChecks } from '../middleware/basic-auth/password-checks.ts';
import { cache } from '../middleware/cache/cache.ts';
import type { ResponseStore } from '../middleware/cache/store.ts';
import { clientCertificate } from '../middleware/client-certificate/client-certificate.ts';
import { compress } from '../middleware/compress/compress.ts';
import { digestAuth } from '../middleware/digest-auth/digest-auth.ts';
import { errorPages } from '../middleware/error-pages/error-pages.ts';
import { forwardAuth } from '../middleware/forward-auth/forward-auth.ts';
import { geoip } from '../middleware/geoip/geoip.ts';
import { limitInFlight } from '../middleware/limit-in-flight/limit-in-flight.ts';
import { limitRequestBody } from '../middleware/limit-request-body/limit-request-body.ts';
import { limitRequests } from '../middleware/limit-requests/limit-requests.ts';
import { requestHeaders } from '../middleware/request-headers/request-headers.ts';
import { responseHeaders } from '../middleware/response-headers/response-headers.ts';
import { rewrite } from '../middleware/rewrite/rewrite.ts';
import { sendfile } from '../middleware/sendfile/sendfile.ts';
import { signedLinks } from '../middleware/signed-links/signed-links.ts';
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
  readonly upstreams: ProxyUpstreams;
  /** Null when no page is configured. */
  readonly status: StatusSources | null;
}

type Made<S> = {
  readonly [K in keyof S]: (settings: NonNullable<S[K]>, tools: Tools, next: Handler) => unknown;
};

/** In the order in which a request meets them. */
const FEATURES = {
  geoip: (settings, { log }) => geoip(settings, log),
  'response-headers': responseHeaders,
  'error-pages': errorPages,
  'address-rules': addressRules,
  'limit-requests': limitRequests,
  'limit-in-flight': limitInFlight,
  'limit-request-body': limitRequestBody,
  'client-certificate': clientCertificate,
  'signed-links': signedLinks,
  'basic-auth': basicAuth,
  'digest-auth': digestAuth,
  'auth-scripts': authScripts,
  'forward-auth': forwardAuth,
  cache,
  compress,
  'request-headers': requestHeaders,
  rewrite,
  sendfile,
} satisfies Made<Pick<FeatureSettings, FeatureName>>;

const ANSWERS = {
  application: (name, tools) => {
    const application = tools.application(name);
    return application && mounted(application, notMounted);
  },
  redirect,
  files: staticFiles,
  proxy: (settings, { upstreams }) => createProxy(settings, upstreams.toolsFor(settings)),
  respond,
  'status-page': (settings, { status }) => status && statusPage(settings, status),
} satisfies Made<AnswerSettings>;

/** Makes each feature once, however many ways lead through it: what it counts and remembers is one. */
export function featureMaker(tools: Tools): SiteParts['features'] {
  const makers = Object.entries(FEATURES) as [FeatureName, (settings: never, tools: Tools) => Middleware][];
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
export function makeAnswer(settings: AnswerSettings, tools: Tools, next: Handler): Handler | null {
  const makers = Object.entries(ANSWERS) as [
    keyof AnswerSettings,
    (settings: never, tools: Tools, next: Handler) => Handler | null,
  ][];
  const chosen = makers.find(([name]) => settings[name] !== null);
  return chosen === undefined ? null : chosen[1](settings[chosen[0]] as never, tools, next);
}

/** A route leads to an application outside of its mount point. */
const notMounted: Handler = (exchange) => exchange.abort(404, 'Nothing is served at this address.');
