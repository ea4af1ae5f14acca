/** The built-in parts of the request path, composed: the table of contents of what a request can meet. */
import { randomBytes } from 'node:crypto';
import type { StatusSources } from '../admin/status/status-report.ts';
import type { Configuration } from '../config/configuration.ts';
import type { Handler, Middleware } from '../handler.ts';
import { FileStore } from '../handlers/static-files/file-store.ts';
import { staticFiles } from '../handlers/static-files/static-files.ts';
import { PasswordChecks } from '../middleware/basic-auth/password-checks.ts';
import { openCacheStore, type ResponseStore } from '../middleware/cache/store.ts';
import { observe } from '../middleware/observe.ts';
import { rewriting } from '../middleware/rewrite/rewriting.ts';
import { slowRequests } from '../middleware/slow-requests/slow-requests.ts';
import { trustedProxies } from '../middleware/trusted-proxies/trusted-proxies.ts';
import { compileSites, type MountedApplication } from '../routing/compile-sites.ts';
import type { Log } from '../telemetry/log.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
import { openAccessLogs } from './access-logs.ts';
import { collectsBody } from './collect-body.ts';
import { featureMaker, hasAnswer, makeAnswer, type Tools } from './features.ts';
import { internalRedirects } from './internal-redirects.ts';
import type { Parts } from './parts.ts';

const NONCE_KEY_BYTES = 32;

export interface Site {
  readonly handle: Handler;
  /** The middleware alone around another handler: for requests that never come to routing. */
  readonly wrap: Middleware;
  readonly cacheStore: ResponseStore;
  /** Bodies are read as handlers ask for them. */
  readonly streamsBodies: boolean;
  /** Null when nothing is passed on. */
  readonly upstreams: Upstreams | null;
  reopenLogs(): void;
  close(): Promise<void>;
}

/**
 * Throws when a log, or a file that a feature reads, cannot be opened. `applications` finds one by its name. `status`: null
 * where nobody asks for it, and then nothing is counted. `entrance` stands before all sites, behind the logs.
 */
export function composeSite(
  configuration: Configuration,
  parts: Pick<Parts, 'features' | 'ProxyUpstreams'>,
  applications: FindApplication,
  status: StatusSources | null,
  entrance: Middleware,
  log: Log,
): Site {
  const counter = status?.figures.counts ?? null;
  const accessLogs = openAccessLogs(configuration.logs, log);
  const { slowRequestsMs } = configuration.logs;
  const slow = slowRequestsMs > 0 ? [slowRequests(slowRequestsMs, log)] : [];
  const observed = observe([...accessLogs.observers, ...slow, ...(counter === null ? [] : [counter.end])]);
  const counted: Middleware = counter === null ? observed : (next) => counter.begin(observed(next));
  const { trustedProxies: proxies } = configuration;
  const wrap: Middleware = proxies === null ? counted : (next) => trustedProxies(proxies)(counted(next));
  const passwordChecks = new PasswordChecks();
  const cacheStore = openCacheStore(configuration.cacheStore, log);
  const redirect = internalRedirects(() => routes, log);
  const upstreams = parts.ProxyUpstreams && new parts.ProxyUpstreams(configuration, redirect, log);
  const streamsBodies = wantsStreams(configuration);
  const application = streamsBodies ? collecting(applications, log) : applications;
  const files = new FileStore();
  const nonceKey = randomBytes(NONCE_KEY_BYTES);
  const tools: Tools = { application, files, log, passwordChecks, nonceKey, cacheStore, upstreams, status };
  const routes: Handler = compileSites(configuration.features, configuration.sites, {
    features: featureMaker(parts.features.features, tools),
    rewriting,
    hasAnswer,
    answer: (route, next) => makeAnswer(parts.features.answers, route, tools, next),
    application,
    staticFiles: ({ url, path: root }, next) =>
      staticFiles({ ...configuration.aliasFiles, root, stripPrefix: url }, tools, next),
    notFound: (exchange) => exchange.abort(404, 'Nothing is served at this address.'),
    misdirected: (exchange) => exchange.abort(421, 'No site of this server has this name.'),
  });
  return {
    handle: wrap(entrance(routes)),
    wrap,
    streamsBodies,
    upstreams: upstreams?.all ?? null,
    reopenLogs: () => accessLogs.reopen(),
    cacheStore,
    close: async () => {
      passwordChecks.close();
      upstreams?.all.close();
      await cacheStore.close();
      await accessLogs.close();
    },
  };
}

type FindApplication = (name: string) => MountedApplication | null;

/** Some route hands bodies on while they arrive, or decides how large they may be. */
function wantsStreams({ sites }: Configuration): boolean {
  const places = sites.flatMap(({ features, routes }) => [features, ...routes]);
  const limits = places.some((place) => place['limit-request-body'] !== null);
  return limits || sites.some(({ routes }) => routes.some(({ proxy }) => proxy !== null));
}

/** Applications get their requests whole, also where bodies are handed on as they arrive. */
function collecting(applications: FindApplication, log: Log): FindApplication {
  return (name) => {
    const found = applications(name);
    return found && { mountPoint: found.mountPoint, handle: collectsBody(found.handle, log) };
  };
}
