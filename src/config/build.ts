/** From resolved settings, in the user's words and units, to the Configuration, in ours. No looking around here. */
import { authScriptsOfFlags } from './auth-scripts.ts';
import type {
  ApplicationSettings,
  Configuration,
  Http2Settings,
  HttpSettings,
  LogRotationSettings,
  LogSettings,
  SiteSettings,
  SocketFileSettings,
  TrustedProxySettings,
  UrlAlias,
  WsgiDirectory,
} from './configuration.ts';
import { type ListenAddress, parseListenAddress } from './listen-address.ts';
import { ms } from './ms.ts';
import { mountedProxies, proxiedHosts } from './proxy-routes.ts';
import { type Entry, strengthOf } from './resolve.ts';
import { DEFAULT_COMPRESS } from './sections/compress.ts';
import { withErrorDocuments } from './sections/error-pages.ts';
import { type FeatureSettings, NO_FEATURES } from './sections/features.ts';
import { DEFAULT_FILE_OPTIONS, type FileOptions } from './sections/files.ts';
import { SERVER_STATUS } from './sections/route.ts';
import type { Sections } from './sections/table.ts';
import type { Values } from './settings/table.ts';
import { tlsSettings } from './tls.ts';

/** What nearly every proxy sends, and none passes on unseen. */
const HONOURED = ['x-forwarded-for', 'x-forwarded-proto'];

const LOOPBACK = ['127.0.0.0/8', '::1'];

/** What there is beside the settings of the server. */
export interface Parts {
  readonly sections: Sections;
  readonly applications: readonly ApplicationSettings[];
  /** Applications of our own, which no route can name. */
  readonly internal: readonly ApplicationSettings[];
  /** The name of the application at the top; null: there is none. */
  readonly main: string | null;
  readonly wsgiDirectories: readonly WsgiDirectory[];
  /** Static files that were found with an application, by its name. */
  readonly staticFiles: ReadonlyMap<string, UrlAlias>;
}

/** What depends on the machine must be resolved by now. */
export function buildConfiguration(values: Values, entries: readonly Entry[], parts: Parts): Configuration {
  const serverRoot = values['server-root']!;
  return deepFreeze({
    serverRoot,
    listen: siteAddresses(values, entries),
    adminListen: adminAddress(values),
    socketFiles: socketFileSettings(values),
    gatewayPeers: values['gateway-allow-ips'].length === 0 ? LOOPBACK : values['gateway-allow-ips'],
    backlog: values['server-backlog'],
    tls: tlsSettings(values, parts.sections, allAddresses(values, entries)),
    user: values.user,
    group: values.group,
    pidFile: values['pid-file'],
    logs: logSettings(values, entries, serverRoot, parts.sections),
    http: httpSettings(values),
    cacheStore: parts.sections.cacheStore,
    limitConnections: parts.sections.limitConnections,
    trustedProxies: trustedProxySettings(values),
    features: featuresOf(values, parts.sections),
    aliasFiles: aliasFiles(values, parts.sections),
    upstreams: parts.sections.upstreams,
    sites: sitesOf(values, parts),
    applications: [...parts.applications, ...parts.internal],
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
  const authScripts = features['auth-scripts'] ?? authScriptsOfFlags(values);
  return { ...features, compress, 'error-pages': errorPages, 'auth-scripts': authScripts };
}

/** The default site is what settings and the top of the file say; it comes last. */
function sitesOf(values: Values, parts: Parts): SiteSettings[] {
  const { sections, main, wsgiDirectories, staticFiles } = parts;
  const aliasesOf = (applications: readonly string[]) =>
    applications.flatMap((name) => staticFiles.get(name) ?? []);
  const sites = sections.sites.map(({ application, ...site }) => {
    const applications = application === null ? [] : [application];
    const urlAliases = aliasesOf(applications);
    return { ...site, applications, urlAliases, wsgiDirectories: [], isDefault: false };
  });
  const applications = [...(main === null ? [] : [main]), ...unnamed(parts)];
  const given = Object.entries(values['url-alias']).map(([url, path]) => ({ url, path }));
  const found = aliasesOf(applications).filter(({ url }) => !given.some((alias) => alias.url === url));
  const byDefault: SiteSettings = {
    applications,
    wsgiDirectories,
    urlAliases: [...given, ...found],
    routes: [
      ...(values['server-status'] ? [SERVER_STATUS] : []),
      ...mountedProxies(values),
      ...sections.routes,
    ],
    features: NO_FEATURES,
    hosts: [],
    isDefault: true,
    place: 'the default site',
  };
  return [...proxiedHosts(values), ...sites, byDefault];
}

/** Applications of [applications] that no site and no route names: they answer in the default site. */
export function unnamed({
  sections,
  applications,
  main,
}: Pick<Parts, 'sections' | 'applications' | 'main'>): string[] {
  const { sites, routes } = sections;
  const users = [...sites, ...routes, ...sites.flatMap((site) => site.routes)];
  const named = new Set(users.map(({ application }) => application));
  return applications.map(({ name }) => name).filter((name) => name !== main && !named.has(name));
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
function logSettings(
  values: Values,
  entries: readonly Entry[],
  serverRoot: string,
  { accessLogs }: Sections,
): LogSettings {
  const toTerminal = values['log-to-terminal'];
  const directory = values['log-directory'];
  const isNewer = strengthOf(entries, 'log-directory') > strengthOf(entries, 'log-to-terminal');
  const terminal = directory === null ? toTerminal !== false : toTerminal === true && !isNewer;
  const logDirectory = terminal ? null : (directory ?? serverRoot);
  return {
    level: values['log-level'],
    directory: logDirectory,
    rotation: terminal ? null : rotationSettings(values),
    accessLog: values['access-log'],
    accessLogFormat: values['access-log-format'],
    accessLogs: accessLogs.map((make) => make(logDirectory)),
    slowRequestsMs: ms(values['slow-requests']),
  };
}

function rotationSettings(values: Values): LogRotationSettings | null {
  const sizeMax = values['rotate-logs'] ? values['max-log-size'] : 0;
  const intervalMs = ms(values['rotate-interval']);
  return sizeMax + intervalMs === 0 ? null : { sizeMax, intervalMs, keep: values['keep-logs'] };
}

function socketFileSettings(values: Values): SocketFileSettings {
  const { 'chmod-socket': mode, 'chown-socket': owners } = values;
  const [owner, group] = (owners ?? '').split(':');
  return {
    mode: mode === null ? null : Number.parseInt(mode, 8),
    owner: owner || null,
    group: group || null,
  };
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
    httpsPublicPort: values['https-public-port'],
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
    ajp: { secret: values['ajp-secret'] ?? '', packetBytes: values['ajp-packet-size'] },
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

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}
