/** From resolved settings, in the user's words and units, to the Configuration, in ours. No looking around here. */
import type {
  ApplicationSettings,
  Configuration,
  DevelopmentSettings,
  Http2Settings,
  HttpSettings,
  ListenAddress,
  LogRotationSettings,
  LogSettings,
  RecyclingSettings,
  SiteSettings,
  TrustedProxySettings,
} from './configuration.ts';
import { parseListenAddress } from './listen-address.ts';
import { type Entry, strengthOf } from './resolve.ts';
import { DEFAULT_COMPRESS } from './sections/compress.ts';
import { withErrorDocuments } from './sections/error-pages.ts';
import { type FeatureSettings, NO_FEATURES } from './sections/features.ts';
import { DEFAULT_FILE_OPTIONS, type FileOptions } from './sections/files.ts';
import type { Sections } from './sections/table.ts';
import type { Values } from './settings/table.ts';
import { applicationName, type Target } from './target/target.ts';
import { tlsSettings } from './tls.ts';
import { warmupRequest } from './warmup.ts';

/** Where `inactivity-timeout` is 0, which means no limit for workers that would be replaced. */
const LAST_WORKER_INACTIVITY_MS = 300_000;
/** What nearly every proxy sends, and none passes on unseen. */
const HONOURED = ['x-forwarded-for', 'x-forwarded-proto'];

type Environment = Readonly<Record<string, string | undefined>>;

/** What the settings leave open. */
export interface FoundParts {
  readonly target: Target;
  readonly interpreter: string;
  readonly interpreterVersion: string;
}

/** `environment` is that of vivarium itself, for passenv. What depends on the machine must be resolved by now. */
export function buildConfiguration(
  values: Values,
  entries: readonly Entry[],
  sections: Sections,
  found: FoundParts,
  environment: Environment,
): Configuration {
  const serverRoot = values['server-root']!;
  return deepFreeze({
    serverRoot,
    listen: siteAddresses(values, entries),
    adminListen: adminAddress(values),
    backlog: values['server-backlog'],
    tls: tlsSettings(values, sections, allAddresses(values, entries)),
    user: values.user,
    group: values.group,
    pidFile: values['pid-file'],
    logs: logSettings(values, entries, serverRoot),
    http: httpSettings(values),
    cacheStore: sections.cacheStore,
    trustedProxies: trustedProxySettings(values),
    features: featuresOf(values, sections),
    aliasFiles: aliasFiles(values, sections),
    sites: sitesOf(values, applicationName(found.target), sections),
    applications: [applicationSettings(values, found, environment)],
    touchFiles: values['touch-reload'],
    drainDelayMs: ms(values['drain-delay']),
    gracefulTimeoutMs: ms(values['graceful-timeout']),
    evictionTimeoutMs: ms(values['eviction-timeout']),
    shutdownTimeoutMs: ms(values['shutdown-timeout']),
  });
}

/** Flags of mod_wsgi-express that say in short what sections say. */
function featuresOf(values: Values, { features }: Sections): FeatureSettings {
  const compress = features.compress ?? (values['compress-responses'] ? DEFAULT_COMPRESS : null);
  const errorPages = withErrorDocuments(features['error-pages'], values['error-document']);
  return { ...features, compress, 'error-pages': errorPages };
}

/** The default site is what settings and the top of the file say; it comes last. */
function sitesOf(values: Values, application: string, { sites, routes }: Sections): SiteSettings[] {
  const urlAliases = Object.entries(values['url-alias']).map(([url, path]) => ({ url, path }));
  const fromSettings = { application, urlAliases, routes, features: NO_FEATURES };
  return [
    ...sites.map((site) => ({ ...site, isDefault: false, urlAliases: [] })),
    { ...fromSettings, hosts: [], isDefault: true, place: 'the default site' },
  ];
}

/** What flags say counts more than the section. */
function aliasFiles(values: Values, { files }: Sections): FileOptions {
  const options = files ?? DEFAULT_FILE_OPTIONS;
  const index = values['directory-index'];
  return {
    ...options,
    index: index.length === 0 ? options.index : index,
    listing: values['directory-listing'] || options.listing,
  };
}

/** `listen` replaces host and port, unless one of these comes from a stronger source. */
export function listenBeatsPort(entries: readonly Entry[]): boolean {
  const listen = strengthOf(entries, 'listen');
  return listen >= 0 && listen >= Math.max(strengthOf(entries, 'host'), strengthOf(entries, 'port'));
}

/** The site's, and that of the operators. */
export function allAddresses(values: Values, entries: readonly Entry[]): ListenAddress[] {
  const admin = adminAddress(values);
  return [...siteAddresses(values, entries), ...(admin === null ? [] : [admin])];
}

/** `https-port` comes beside whatever else there is. */
function siteAddresses(values: Values, entries: readonly Entry[]): ListenAddress[] {
  const { host, port, 'https-port': httpsPort } = values;
  const addresses: ListenAddress[] = listenBeatsPort(entries)
    ? values.listen.map((address) => parseListenAddress(address)!)
    : [{ kind: 'tcp', host, port }];
  return httpsPort === null ? addresses : [...addresses, { kind: 'tcp', host, port: httpsPort, tls: true }];
}

function adminAddress(values: Values): ListenAddress | null {
  return values['admin-listen'] === null ? null : parseListenAddress(values['admin-listen']);
}

/** As with mod_wsgi-express, `log-to-terminal` wins over a directory of the same source. */
function logSettings(values: Values, entries: readonly Entry[], serverRoot: string): LogSettings {
  const toTerminal = values['log-to-terminal'];
  const directory = values['log-directory'];
  const isNewer = strengthOf(entries, 'log-directory') > strengthOf(entries, 'log-to-terminal');
  const terminal = directory === null ? toTerminal !== false : toTerminal === true && !isNewer;
  return {
    level: values['log-level'],
    directory: terminal ? null : (directory ?? serverRoot),
    rotation: terminal ? null : rotationSettings(values),
    accessLog: values['access-log'],
    accessLogFormat: values['access-log-format'],
    slowRequestsMs: ms(values['slow-requests']),
  };
}

function rotationSettings(values: Values): LogRotationSettings | null {
  const sizeMax = values['rotate-logs'] ? values['max-log-size'] : 0;
  const intervalMs = ms(values['rotate-interval']);
  return sizeMax + intervalMs === 0 ? null : { sizeMax, intervalMs, keep: values['keep-logs'] };
}

function trustedProxySettings(values: Values): TrustedProxySettings | null {
  const trusted = values['trust-proxy'];
  if (trusted.length === 0) return null;
  return {
    networks: trusted.filter((proxy) => proxy !== 'unix:' && proxy !== 'none'),
    trustsUnix: trusted.includes('unix:'),
    honoured: values['trust-proxy-header'].length === 0 ? HONOURED : values['trust-proxy-header'],
  };
}

function httpSettings(values: Values): HttpSettings {
  return {
    httpsOnly: values['https-only'],
    hstsPolicy: values['hsts-policy'],
    requestIdHeader: values['request-id-header'],
    trustRequestId: values['trust-request-id'],
    limitRequestLine: values['limit-request-line'],
    limitRequestFields: values['limit-request-fields'],
    limitRequestFieldSize: values['limit-request-field-size'],
    limitRequestHead: values['limit-request-head'],
    limitRequestBody: values['limit-request-body'],
    headerTimeoutMs: ms(values['header-timeout']),
    headerMaxTimeoutMs: ms(values['header-max-timeout']),
    headerMinRate: values['header-min-rate'],
    bodyTimeoutMs: ms(values['body-timeout']),
    bodyMaxTimeoutMs: ms(values['body-max-timeout']),
    bodyMinRate: values['body-min-rate'],
    keepAliveTimeoutMs: ms(values['keep-alive-timeout']),
    responseSocketTimeoutMs: ms(values['response-socket-timeout'] ?? values['socket-timeout']),
    maxClients: values['max-clients'],
    requestBufferSize: values['request-buffer-size'],
    responseBufferSize: values['response-buffer-size'],
    responseSpoolSize: values['response-spool-size'],
    serverTokens: values['server-tokens'],
    http2: values.http2 ? http2Settings(values) : null,
  };
}

function http2Settings(values: Values): Http2Settings {
  return {
    maxConcurrentStreams: values['http2-max-concurrent-streams'],
    initialWindowSize: values['http2-initial-window-size'],
    resetBurst: values['http2-reset-burst'],
    resetRate: values['http2-reset-rate'],
  };
}

function applicationSettings(
  values: Values,
  found: FoundParts,
  environment: Environment,
): ApplicationSettings {
  return {
    name: applicationName(found.target),
    target: found.target,
    user: values.user,
    group: values.group,
    interpreter: found.interpreter,
    interpreterVersion: found.interpreterVersion,
    workingDirectory: values['working-directory']!,
    pythonPath: values['python-path'],
    environment: { ...passed(values.passenv, environment), ...values.setenv },
    processes: values.processes!,
    scaling: {
      upWaitMs: ms(values['scale-up-wait']),
      downIntervalMs: ms(values['scale-down-interval']),
      inactivityTimeoutMs: ms(values['inactivity-timeout']) || LAST_WORKER_INACTIVITY_MS,
    },
    threads: values.threads,
    mountPoint: values['mount-point'],
    warmup: values.warmup.map((url) => warmupRequest(url, values['mount-point'])),
    startupTimeoutMs: ms(values['startup-timeout']),
    queueSize: values['queue-size'],
    queueTimeoutMs: ms(values['queue-timeout']),
    requestTimeoutMs: ms(values['request-timeout']),
    requestTimeoutsAt: Object.entries(values['request-timeout-at']).map(([url, timeout]) => ({
      url,
      timeoutMs: ms(timeout),
    })),
    interruptTimeoutMs: ms(values['interrupt-timeout']),
    deadlockTimeoutMs: ms(values['deadlock-timeout']),
    recycling: recyclingSettings(values),
    followsScript: !values['disable-reloading'],
    touchFiles: [],
    isDropIn: false,
    development: developmentSettings(values),
  };
}

function recyclingSettings(values: Values): RecyclingSettings {
  return {
    maximumRequests: values['maximum-requests'],
    restartIntervalMs: ms(values['restart-interval']),
    // Where there may be none, such a worker is stopped and not replaced.
    inactivityTimeoutMs: values.processes!.min === 0 ? 0 : ms(values['inactivity-timeout']),
    cpuTimeLimitMs: ms(values['cpu-time-limit']),
    memoryLimit: values['memory-limit'],
    memoryLimitHard: values['memory-limit-hard'],
    jitter: values['recycle-jitter'],
  };
}

function developmentSettings(values: Values): DevelopmentSettings {
  return {
    reloadOnChanges: values['reload-on-changes'],
    tracebackPages: values['traceback-pages'],
    debugger: values['enable-debugger'],
    debuggerStartup: values['debugger-startup'],
    profilerDirectory: values['enable-profiler'] ? values['profiler-directory'] : null,
    coverageDirectory: values['enable-coverage'] ? values['coverage-directory'] : null,
    recorderDirectory: values['enable-recorder'] ? values['recorder-directory'] : null,
  };
}

/** The variables of `environment` that are set and named. */
export function passed(names: readonly string[], environment: Environment): Record<string, string> {
  const known = names.flatMap((name) => (environment[name] === undefined ? [] : [[name, environment[name]]]));
  return Object.fromEntries(known);
}

function ms(seconds: number): number {
  return Math.round(seconds * 1000);
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
