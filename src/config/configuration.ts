/**
 * The effective configuration: validated, complete, frozen, and plain JSON, so that the supervisor can send each
 * process its part. Made by config/, read by everybody. Sizes are bytes, times are milliseconds.
 */

import type { ListenAddress } from './listen-address.ts';
import type { AccessLogSettings } from './sections/access-log.ts';
import type { CacheStoreSettings } from './sections/cache-store.ts';
import type { FeatureSettings } from './sections/features.ts';
import type { FileOptions } from './sections/files.ts';
import type { LimitConnectionsSettings } from './sections/limit-connections.ts';
import type { ProxySettings } from './sections/proxy.ts';
import type { RouteSettings } from './sections/route.ts';
import type { UpstreamSettings } from './sections/upstream.ts';
import type { TlsSettings } from './tls-settings.ts';

export interface Configuration {
  /** Where sockets, temporary files and the default logs live; private to this instance. */
  readonly serverRoot: string;
  readonly listen: readonly ListenAddress[];
  readonly socketFiles: SocketFileSettings;
  /** Addresses and networks that may speak gateway protocols over TCP. */
  readonly gatewayPeers: readonly string[];
  /** For metrics and health checks. */
  readonly adminListen: ListenAddress | null;
  readonly backlog: number;
  /** Null: no listener speaks TLS. */
  readonly tls: TlsSettings | null;
  readonly user: string | null;
  readonly group: string | null;
  readonly pidFile: string | null;
  readonly logs: LogSettings;
  readonly http: HttpSettings;
  /** Null: a client may have as many connections as there can be. */
  readonly limitConnections: LimitConnectionsSettings | null;
  /** Null: no proxies are spoken of, and what they send is passed on as it is. */
  readonly trustedProxies: TrustedProxySettings | null;
  /** For all sites. */
  readonly features: FeatureSettings;
  readonly sites: readonly SiteSettings[];
  readonly cacheStore: CacheStoreSettings;
  /** For the files of URL aliases. */
  readonly aliasFiles: FileOptions;
  /** Each has a name of its own. */
  readonly applications: readonly ApplicationSettings[];
  /** Files that are touched to have everything reloaded. */
  readonly touchFiles: readonly string[];
  /** Servers for `proxy`, by name. */
  readonly upstreams: Readonly<Record<string, UpstreamSettings>>;
  /** Time between a request to stop and the end of listening, in which `/ready` says no. */
  readonly drainDelayMs: number;
  /** Time the whole server has to finish its requests after SIGTERM. */
  readonly gracefulTimeoutMs: number;
  /** The same for a worker that an operator has told to go. 0: gracefulTimeoutMs. */
  readonly evictionTimeoutMs: number;
  /** Time a process then has before it is killed. */
  readonly shutdownTimeoutMs: number;
}

/** Of the Unix sockets that clients connect to. */
export interface SocketFileSettings {
  /** Null: by what is spoken there. */
  readonly mode: number | null;
  /** By name or number; null: that of the server. */
  readonly owner: string | null;
  readonly group: string | null;
}

export interface TrustedProxySettings {
  /** Addresses and networks. */
  readonly networks: readonly string[];
  /** Those that come over a Unix socket. */
  readonly trustsUnix: boolean;
  /** Forwarding fields that are believed, in lower case; of those that say the same the first that is there counts. */
  readonly honoured: readonly string[];
}

export interface LogSettings {
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** null: the terminal. Otherwise `error_log` and `access_log` in this directory. */
  readonly directory: string | null;
  readonly rotation: LogRotationSettings | null;
  readonly accessLog: boolean;
  /** `combined`, `common`, `json`, `pretty`, or an Apache format string. */
  readonly accessLogFormat: string;
  /** Those beside it. */
  readonly accessLogs: readonly AccessLogSettings[];
  /** 0: off. */
  readonly slowRequestsMs: number;
}

/** When the files in the log directory are renamed and begun anew. */
export interface LogRotationSettings {
  /** Bytes; 0: for its size never. */
  readonly sizeMax: number;
  /** From midnight, local time; 0: never for its age. */
  readonly intervalMs: number;
  /** Renamed files that are kept of each log; 0: all. */
  readonly keep: number;
}

export interface HttpSettings {
  /** Requests that come without TLS are sent to where it is. */
  readonly httpsOnly: boolean;
  /** Where that is for clients; null: the port of the first listener with TLS. */
  readonly httpsPublicPort: number | null;
  /** Value of Strict-Transport-Security in answers by TLS; null: none is sent. */
  readonly hstsPolicy: string | null;
  /** Response field that names the request; null for none. */
  readonly requestIdHeader: string | null;
  /** The name that a request brings in that field is taken over. */
  readonly trustRequestId: boolean;
  readonly limitRequestLine: number;
  readonly limitRequestFields: number;
  readonly limitRequestFieldSize: number;
  /** Bytes of the request line and all fields together. */
  readonly limitRequestHead: number;
  /** 0: no limit. */
  readonly limitRequestBody: number;
  readonly headerTimeoutMs: number;
  readonly headerMaxTimeoutMs: number;
  readonly headerMinRate: number;
  readonly bodyTimeoutMs: number;
  /** 0: no limit. */
  readonly bodyMaxTimeoutMs: number;
  readonly bodyMinRate: number;
  readonly keepAliveTimeoutMs: number;
  /** Longest wait for a client to take any bytes of its answer. */
  readonly responseSocketTimeoutMs: number;
  readonly maxClients: number;
  /** Body bytes kept in memory before a temporary file is used. */
  readonly requestBufferSize: number;
  readonly responseBufferSize: number;
  /** Bytes of one response that may wait in a temporary file for a slow client. 0: no file. */
  readonly responseSpoolSize: number;
  readonly serverTokens: boolean;
  /** null: HTTP/1.1 alone. */
  readonly http2: Http2Settings | null;
  readonly ajp: AjpSettings;
}

export interface AjpSettings {
  /** '': none is asked for. */
  readonly secret: string;
  /** Bytes of the largest packet that the web server in front takes. */
  readonly packetBytes: number;
}

export interface Http2Settings {
  readonly maxConcurrentStreams: number;
  /** Bytes of a request body that a client may send ahead of us. */
  readonly initialWindowSize: number;
  /** Requests taken back, pings and changes of settings: at once, and per second in the long run. */
  readonly resetBurst: number;
  readonly resetRate: number;
}

export interface UrlAlias {
  /** URL path, beginning with a slash. */
  readonly url: string;
  /** An absolute file or directory. */
  readonly path: string;
}

/** What is served under some host names. */
/** A directory whose WSGI scripts are served, each as an application of its own. */
export interface WsgiDirectory {
  /** URL path, beginning with a slash. */
  readonly url: string;
  /** Absolute. */
  readonly path: string;
  /** What the settings say; each application has a name, a target and a mount point of its own. */
  readonly application: ApplicationSettings & { readonly target: WsgiTarget };
}

export interface SiteSettings {
  /** In lower case; none: only the default site is left to be. */
  readonly hosts: readonly string[];
  /** Answers where no other site has the host name. */
  readonly isDefault: boolean;
  /** Each answers below its mount point what no route and no alias answers; the longest mount point comes first. */
  readonly applications: readonly string[];
  readonly urlAliases: readonly UrlAlias[];
  readonly wsgiDirectories: readonly WsgiDirectory[];
  readonly features: FeatureSettings;
  readonly routes: readonly RouteSettings[];
  /** Where it stands: `vivarium.toml:7: sites[0]`. */
  readonly place: string;
}

/** A request that a new worker runs by itself, in the terms of CGI. What is decoded is latin-1. */
export interface WarmupRequest {
  /** As it was configured. */
  readonly url: string;
  readonly scheme: string;
  /** With the port, if it has one. */
  readonly host: string;
  /** Path and query as a client would send them. */
  readonly uri: string;
  readonly scriptName: string;
  readonly pathInfo: string;
  readonly query: string;
}

/** How a worker finds the WSGI callable. */
export type WsgiTarget =
  | { readonly kind: 'script'; readonly path: string; readonly callable: string | null }
  | { readonly kind: 'module'; readonly module: string; readonly callable: string | null };

/** A server of its own that is started instead, and that requests are passed on to. */
export interface CommandTarget {
  readonly kind: 'command';
  /** The program is absolute. Other words may have placeholders: `{fd}`, `{socket}`, `{port}`, `{worker}`. */
  readonly argv: readonly string[];
  /** It inherits a listening socket, or binds the Unix socket or the loopback port that it is given. */
  readonly socket: 'inherited' | 'path' | 'port';
  readonly protocol: 'http' | 'uwsgi' | 'scgi' | 'fastcgi';
  /** Null: it is ready when it accepts connections. */
  readonly readyPath: string | null;
  /** How requests are passed on to its processes, and what is true of each as a server. */
  readonly proxy: ProxySettings;
  readonly upstream: UpstreamSettings;
  /** It is told to stop by. */
  readonly stopSignal: NodeJS.Signals;
  /** PATH of its environment. */
  readonly searchPath: string;
}

export interface ApplicationSettings {
  readonly name: string;
  readonly target: WsgiTarget | CommandTarget;
  /** Its workers run as; null: as the server does. */
  readonly user: string | null;
  readonly group: string | null;
  readonly interpreter: string;
  readonly interpreterVersion: string;
  readonly workingDirectory: string;
  /** Null: that of the server. */
  readonly umask: number | null;
  readonly pythonPath: readonly string[];
  /** Set in the process environment of the worker and, as mod_wsgi-express has it, in each request's environ. */
  readonly environment: Readonly<Record<string, string>>;
  readonly processes: ProcessRange;
  readonly scaling: ScalingSettings;
  /** Requests that a process gets at once. */
  readonly threads: number;
  readonly mountPoint: string;
  readonly startupTimeoutMs: number;
  /** It is ready when it has answered these. */
  readonly warmup: readonly WarmupRequest[];
  /** Requests that may wait for a thread before new ones are answered 503. */
  readonly queueSize: number;
  readonly queueTimeoutMs: number;
  /** How long a request may run. 0: as long as it wants. */
  readonly requestTimeoutMs: number;
  /** The same for requests whose path is `url` or below it; the longest one counts. */
  readonly requestTimeoutsAt: readonly { readonly url: string; readonly timeoutMs: number }[];
  /** How long an interrupted request may take to end. 0: it is not interrupted, its worker is replaced at once. */
  readonly interruptTimeoutMs: number;
  /** How long a worker may not run Python code before it is replaced. 0: as long as it wants. */
  readonly deadlockTimeoutMs: number;
  readonly recycling: RecyclingSettings;
  /** It is reloaded when its script, if it is one, has changed. */
  readonly followsScript: boolean;
  /** Files that are touched to have it reloaded alone. */
  readonly touchFiles: readonly string[];
  /** It was found in a directory for WSGI scripts: how it fares is no business of the rest of the server. */
  readonly isDropIn: boolean;
  readonly development: DevelopmentSettings;
}

/** Tools for development; all off in production. */
export interface DevelopmentSettings {
  readonly reloadOnChanges: boolean;
  readonly tracebackPages: boolean;
  readonly debugger: boolean;
  readonly debuggerStartup: boolean;
  /** Absolute; null in any of these: the tool is off. */
  readonly profilerDirectory: string | null;
  readonly coverageDirectory: string | null;
  readonly recorderDirectory: string | null;
}

/** Workers there may be. When both are the same their number does not change by itself. */
export interface ProcessRange {
  readonly min: number;
  readonly max: number;
}

/** When the number of workers changes, if it may. */
export interface ScalingSettings {
  /** Longest wait for a thread that is not a reason for more workers. */
  readonly upWaitMs: number;
  /** How long one worker fewer must have been enough. */
  readonly downIntervalMs: number;
  /** Time without a request after which the last one is stopped, where there may be none. */
  readonly inactivityTimeoutMs: number;
}

/** When a worker that is well is replaced. 0 in any of the first five: never for that reason. */
export interface RecyclingSettings {
  readonly maximumRequests: number;
  readonly restartIntervalMs: number;
  readonly inactivityTimeoutMs: number;
  readonly cpuTimeLimitMs: number;
  /** Bytes of resident memory. */
  readonly memoryLimit: number;
  /** Bytes of private memory, past which allocations fail. 0: none. */
  readonly memoryLimitHard: number;
  /** Part of each limit, at most, that is taken off at random for each worker. */
  readonly jitter: number;
}
