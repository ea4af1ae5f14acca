/**
 * Messages between the supervisor and a gateway, over Node's IPC channel. Small, frozen, plain values, all here.
 * A gateway that loses the channel has lost its supervisor and stops.
 */
import type { GatewayProtocolName } from '../base/gateway-protocol-names.ts';
import type { ApplicationSettings, Configuration } from '../config/configuration.ts';
import type { ServerEvent } from './protocol.ts';

/** A listening socket that the gateway inherited as a file descriptor. */
export interface InheritedListener {
  readonly fd: number;
  /** For messages and logs: `http://127.0.0.1:8000`, `unix:/run/app.sock`. */
  readonly url: string;
  /** Path of a Unix socket; null for TCP. */
  readonly path: string | null;
  readonly role: SocketRole;
  readonly tls: boolean;
  /** Connections begin with a PROXY header. */
  readonly proxied: boolean;
  /** Null: HTTP. */
  readonly protocol: GatewayProtocolName | null;
}

/** What a gateway needs for TLS. Only here do keys leave the supervisor, which may read files that a gateway may not. */
export interface TlsMaterial {
  /** At least one. The first one is for clients that name no host, or an unknown one. */
  readonly certificates: readonly CertificateMaterial[];
  /** 48 bytes each, as base64; the first one is used for new tickets. None: sessions are not resumed. */
  readonly ticketKeys: readonly string[];
  /** The certificates that those of clients are checked against; null: clients are not asked for one. */
  readonly clientAuthorities: string | null;
  readonly challenges: AcmeChallenges;
}

/** What an ACME server is shown while it checks that a host is ours. */
export interface AcmeChallenges {
  /** HTTP-01: by token, the key authorization. */
  readonly http: Readonly<Record<string, string>>;
  /** TLS-ALPN-01: by host, a certificate and its key, as PEM. */
  readonly alpn: Readonly<Record<string, { readonly certificate: string; readonly key: string }>>;
}

export interface CertificateMaterial {
  /** The whole chain and its key, as PEM. */
  readonly certificate: string;
  readonly key: string;
  /** The hosts it is for, in lower case; `*.` at the front stands for one label. */
  readonly names: readonly string[];
  /** `rsa`, `ec`, `ed25519`. */
  readonly keyType: string;
}

/** For the clients of the site, or for operators and their tools. */
export type SocketRole = 'site' | 'admin';

/** A worker process as the gateway knows it. Its number is never used again. */
export interface WorkerIdentity {
  readonly worker: number;
  /** The worker proves itself with this when it dials. 32 hex digits. */
  readonly token: string;
  readonly threads: number;
  /** 0 at the start; each reload and each restart begins the next, also one that fails. */
  readonly generation: number;
  /** One u32 for each thread: the id of the last request it started (see apps/started-ledger.ts). */
  readonly ledgerPath: string;
  /** It is a command, which does not dial: where it is reached. */
  readonly command?: CommandAddress;
}

export interface CommandAddress {
  readonly pid: number;
  /** Of a Unix socket; null: a port of the loopback address. */
  readonly path: string | null;
  readonly port: number;
}

/** Messages between a pool of workers and their application in a gateway name the application. */
export interface OfApplication {
  readonly application: string;
}

/** What a worker has done since the message before. */
export interface WorkerUsage {
  readonly worker: number;
  /** Requests answered. */
  readonly answered: number;
  /** It has requests in hand now. */
  readonly isBusy: boolean;
}

/** What only a gateway knows: what it can be asked for, and the answers. */
export interface GatewayAnswers {
  readonly report: GatewayReport;
  readonly requests: RequestsInFlight;
  readonly 'requests-with-stacks': RequestsInFlight;
  readonly purged: PurgeReport;
  readonly upstreams: readonly UpstreamReport[];
}

/** An upstream of `proxy` routes and how its servers are doing. */
export interface UpstreamReport {
  readonly upstream: string;
  /** Requests that wait for a server with room. */
  readonly queued: number;
  readonly servers: readonly UpstreamServerReport[];
}

export interface UpstreamServerReport {
  readonly server: string;
  /** `failing`: gets no requests because of its failures; `unhealthy`: because of its health check. */
  readonly state: 'up' | 'draining' | 'disabled' | 'failing' | 'unhealthy';
  readonly weight: number;
  readonly isBackup: boolean;
  /** Requests under way, those that were sent since the gateway was started, and the failed ones among them. */
  readonly busy: number;
  readonly requests: number;
  readonly failures: number;
  /** Connections that are kept for the next request. */
  readonly idleConnections: number;
}

/** What is to become of a server. */
export interface ServerChange {
  readonly server: string;
  readonly change: { readonly state: 'up' | 'draining' | 'disabled' } | { readonly weight: number };
}

/** In one upstream, or in all that have the server (null). */
export interface UpstreamChange extends ServerChange {
  readonly upstream: string | null;
}

/** Answers that caches are to forget: of a URL, of all URLs that begin so, with a label, or all. */
export interface CachePurge {
  readonly kind: 'url' | 'prefix' | 'tag' | 'all';
  /** '' for all. */
  readonly value: string;
}

export interface PurgeReport {
  /** How many answers are gone. */
  readonly purged: number;
  /** Nothing is cached when there are none. */
  readonly caches: number;
}

export interface GatewayReport {
  readonly connections: number;
  /** Since the gateway was started. */
  readonly requests: number;
  /** Requests that wait for a thread, by application. */
  readonly queued: Readonly<Record<string, number>>;
  readonly workers: readonly WorkerLoad[];
}

export interface WorkerLoad {
  readonly worker: number;
  readonly inFlight: number;
  /** Requests answered since this gateway knows it. */
  readonly answered: number;
}

export interface RequestsInFlight {
  readonly total: number;
  /** Those that have been there longest, the oldest first. */
  readonly oldest: readonly RequestInFlight[];
}

/** What only the supervisor knows. */
export interface SupervisorReport {
  readonly type: 'supervisor-report';
  /** When the server was started, in ms since 1970. */
  readonly startedAtMs: number;
  /** Workers that there should be, by application. */
  readonly workersWanted: Readonly<Record<string, number>>;
  readonly workers: readonly WorkerReport[];
  readonly supervisor: UsageReport | null;
  readonly gateway: UsageReport | null;
  /** Processes that have ended since the server was started, by why they had to. */
  readonly workerExits: Readonly<Record<string, number>>;
  /** Gateways that have ended unasked. */
  readonly gatewayExits: number;
}

export interface WorkerReport extends OfApplication {
  readonly worker: number;
  /** As in supervisor/pool/pool-member.ts. */
  readonly state: 'loading' | 'standby' | 'active' | 'draining' | 'stopping';
  /** Null when the system does not say. */
  readonly usage: UsageReport | null;
}

export interface UsageReport {
  readonly residentBytes: number;
  readonly cpuMs: number;
}

/** How much the application has to do, for the number of its workers. */
export interface Demand {
  readonly type: 'demand';
  /** Since the oldest of the requests that wait for a thread came. */
  readonly waitMs: number;
  /** Requests that wait for a thread. */
  readonly queued: number;
  readonly busyThreads: number;
  /** Nothing is under way, and nothing was since the last report. */
  readonly isIdle: boolean;
}

/** A request that the application has not answered yet. */
export interface RequestInFlight extends OfApplication {
  readonly id: string;
  readonly method: string;
  readonly target: string;
  /** '' on a Unix socket. */
  readonly client: string;
  /** Number and process id of the worker that has it; null while it waits for a thread of any. */
  readonly worker: number | null;
  readonly pid: number | null;
  readonly phase: 'queued' | 'running' | 'reading its body' | 'writing its answer';
  /** Since its first byte came. */
  readonly ageMs: number;
  /** The Python stack of its thread, outermost call first; null when it was not asked for or is not known. */
  readonly stack: string | null;
}

/** What the pool of its workers says to an application in a gateway. */
export type ToApplication =
  /** It is served from now on, beside those of the configuration; perhaps again. */
  | { readonly type: 'application-added'; readonly settings: ApplicationSettings }
  /** It is not served any more. Its workers finish what they have. */
  | { readonly type: 'application-removed' }
  /** This worker may dial. It gets no requests before `switch` names it. */
  | { readonly type: 'expect-worker'; readonly identity: WorkerIdentity }
  /** From now on requests go to `activate`; `drain` finish what they have, each reported by `worker-drained`. */
  | { readonly type: 'switch'; readonly activate: readonly number[]; readonly drain: readonly number[] }
  /** Its process has ended. `cause` completes "worker 3 (pid 77) …": "was killed by SIGKILL", "exited with status 1". */
  | { readonly type: 'worker-exited'; readonly worker: number; readonly cause: string }
  /** No worker of the application can be started now: requests get 503 until one is ready. */
  | { readonly type: 'application-unavailable'; readonly why: string }
  /** Workers there may be from now on. The demand is reported when their number is not fixed. */
  | { readonly type: 'scale'; readonly min: number; readonly max: number };

/** What an application in a gateway says to the pool of its workers. */
export type FromApplication =
  | { readonly type: 'worker-ready'; readonly worker: number; readonly pid: number }
  /** The application could not be loaded; the worker exits by itself. */
  | { readonly type: 'worker-failed'; readonly worker: number; readonly traceback: string }
  | { readonly type: 'worker-drained'; readonly worker: number }
  /** The worker asks to be let go: it was told to stop by somebody else. */
  | { readonly type: 'worker-stopping'; readonly worker: number }
  /** It was told by somebody else to go when another one is there in its place. */
  | { readonly type: 'worker-evicted'; readonly worker: number }
  /** It broke the protocol or no longer answers; the supervisor must replace it. */
  | { readonly type: 'worker-broken'; readonly worker: number; readonly why: string }
  /** A request in it does not end, not even interrupted: to be replaced, and to finish its other requests. */
  | { readonly type: 'worker-stuck'; readonly worker: number; readonly why: string }
  /** Its interpreter does not run: to be replaced. `why` completes "worker 3 (pid 77) …". */
  | { readonly type: 'worker-deadlocked'; readonly worker: number; readonly why: string }
  /** At most once a second, of the workers that have something to say; only where a setting needs it. */
  | { readonly type: 'worker-usage'; readonly usage: readonly WorkerUsage[] }
  /** A few times a second where the number of workers depends on it, unless nothing is new; at once when a request finds no worker. */
  | Demand;

export type ToGateway =
  | {
      readonly type: 'configure';
      readonly configuration: Configuration;
      readonly listeners: readonly InheritedListener[];
      /** The private Unix socket that workers dial; the gateway binds it. */
      readonly workerSocketPath: string;
      /** Who may dial: 0600 but where workers run as other users. */
      readonly workerSocketMode: number;
      /** Clients are accepted from the start, and not only after `accept`. */
      readonly accepts: boolean;
      /** Null: no listener speaks TLS. */
      readonly tls: TlsMaterial | null;
    }
  /** Certificates or keys have changed. */
  | { readonly type: 'tls'; readonly material: TlsMaterial }
  /** What ACME servers are to be shown from now on. */
  | { readonly type: 'acme-challenges'; readonly challenges: AcmeChallenges }
  /** Take part in accepting clients; `accepting` answers it. */
  | { readonly type: 'accept' }
  /** The server will stop: new clients should go elsewhere. */
  | { readonly type: 'stopping' }
  | (ToApplication & OfApplication)
  /** `supervisor-report-wanted` asks for it. */
  | SupervisorReport
  /** Stop listening, finish the requests, exit 0. Connections without one may stay for `lingerMs`, for one more. */
  | { readonly type: 'stop'; readonly lingerMs: number }
  | { readonly type: 'reopen-logs' }
  | { readonly type: 'change-upstream'; readonly change: UpstreamChange }
  /** `answer` follows, with the same id. */
  | { readonly type: 'ask'; readonly id: number; readonly question: Exclude<keyof GatewayAnswers, 'purged'> }
  /** `answer` follows. */
  | { readonly type: 'purge'; readonly id: number; readonly purge: CachePurge };

export type ToSupervisor =
  /** Configured, and accepting if it was told to. */
  | { readonly type: 'serving' }
  /** It listens since it was told to `accept`. */
  | { readonly type: 'accepting' }
  /** The configuration cannot be served (for example a worker socket that cannot be bound). */
  | { readonly type: 'not-serving'; readonly why: string }
  | (FromApplication & OfApplication)
  /** A message of its error log, for those who follow the events. */
  | { readonly type: 'event'; readonly event: ServerEvent }
  | {
      readonly type: 'answer';
      readonly id: number;
      readonly answer: GatewayAnswers[keyof GatewayAnswers];
    }
  | { readonly type: 'supervisor-report-wanted' };
