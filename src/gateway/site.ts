/** The built-in parts of the request path, composed: the table of contents of what a request can meet. */
import path from 'node:path';
import type { StatusSources } from '../admin/status/status-report.ts';
import { showsColors } from '../base/color.ts';
import type { Configuration, LogSettings } from '../config/configuration.ts';
import type { Handler, Middleware } from '../handler.ts';
import { FileStore } from '../handlers/static-files/file-store.ts';
import { staticFiles } from '../handlers/static-files/static-files.ts';
import { accessLog } from '../middleware/access-log/access-log.ts';
import { PasswordChecks } from '../middleware/basic-auth/password-checks.ts';
import { openCacheStore, type ResponseStore } from '../middleware/cache/store.ts';
import { observe } from '../middleware/observe.ts';
import { slowRequests } from '../middleware/slow-requests/slow-requests.ts';
import { trustedProxies } from '../middleware/trusted-proxies/trusted-proxies.ts';
import { compileSites, type MountedApplication } from '../routing/compile-sites.ts';
import type { Log } from '../telemetry/log.ts';
import { createLogWriter, type LogWriter } from '../telemetry/log-file.ts';
import type { Upstreams } from '../upstreams/upstreams.ts';
import { collectsBody } from './collect-body.ts';
import { makeAnswer, makeFeatures, type Tools } from './features.ts';
import { ProxyUpstreams, usesProxy } from './proxy-upstreams.ts';

const STANDARD_OUTPUT = 1;

export interface Site {
  readonly handle: Handler;
  /** The middleware alone around another handler: for requests that never come to routing. */
  readonly wrap: Middleware;
  readonly cacheStore: ResponseStore;
  /** Bodies are read as handlers ask for them. */
  readonly streamsBodies: boolean;
  readonly upstreams: Upstreams;
  reopenLogs(): void;
  close(): Promise<void>;
}

/**
 * Throws when a log, or a file that a feature reads, cannot be opened. `applications` finds one by its name. `status`: null
 * where nobody asks for it, and then nothing is counted. `entrance` stands before all sites, behind the logs.
 */
export function composeSite(
  configuration: Configuration,
  applications: FindApplication,
  status: StatusSources | null,
  entrance: Middleware,
  log: Log,
): Site {
  const counter = status?.figures.counts ?? null;
  const writer = openAccessLog(configuration.logs, log);
  const { accessLogFormat, slowRequestsMs } = configuration.logs;
  const logged =
    writer === null
      ? []
      : [accessLog(accessLogFormat, (line) => writer.write(line), hasColors(configuration.logs))];
  const slow = slowRequestsMs > 0 ? [slowRequests(slowRequestsMs, log)] : [];
  const observed = observe([...logged, ...slow, ...(counter === null ? [] : [counter.end])]);
  const counted: Middleware = counter === null ? observed : (next) => counter.begin(observed(next));
  const { trustedProxies: proxies } = configuration;
  const wrap: Middleware = proxies === null ? counted : (next) => trustedProxies(proxies)(counted(next));
  const passwordChecks = new PasswordChecks();
  const cacheStore = openCacheStore(configuration.cacheStore, log);
  const upstreams = new ProxyUpstreams(configuration, log);
  const streamsBodies = usesProxy(configuration);
  const application = streamsBodies ? collecting(applications, log) : applications;
  const files = new FileStore();
  const tools: Tools = { application, files, log, passwordChecks, cacheStore, upstreams, status };
  const routes = compileSites(configuration.features, configuration.sites, {
    features: (settings) => makeFeatures(settings, tools),
    answer: (route, next) => makeAnswer(route, tools, next),
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
    upstreams: upstreams.all,
    reopenLogs: () => writer?.reopen(),
    cacheStore,
    close: async () => {
      passwordChecks.close();
      upstreams.all.close();
      await cacheStore.close();
      await writer?.close();
    },
  };
}

type FindApplication = (name: string) => MountedApplication | null;

/** Applications get their requests whole, also where bodies are handed on as they arrive. */
function collecting(applications: FindApplication, log: Log): FindApplication {
  return (name) => {
    const found = applications(name);
    return found && { mountPoint: found.mountPoint, handle: collectsBody(found.handle, log) };
  };
}

/** Does any route end in one? */
export function hasStatusPage({ sites }: Configuration): boolean {
  return sites.some(({ routes }) => routes.some((route) => route['status-page'] !== null));
}

function hasColors({ directory }: LogSettings): boolean {
  return directory === null && showsColors(STANDARD_OUTPUT, process.env);
}

function openAccessLog(logs: LogSettings, log: Log): LogWriter | null {
  if (!logs.accessLog) return null;
  if (logs.directory === null) return createLogWriter({ fd: STANDARD_OUTPUT }, log);
  const file = path.join(logs.directory, 'access_log');
  try {
    return createLogWriter({ path: file }, log);
  } catch (error) {
    // The message of the system ends in the path.
    const reason = (error as Error).message;
    throw new Error(`cannot open the access log as uid ${process.getuid!()}: ${reason}`);
  }
}
