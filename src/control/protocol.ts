/**
 * The control protocol, spoken on the private Unix socket `control.sock` in the server root (0600: whoever may open it
 * may do all of this). The client sends one request, a line of JSON; the server answers with lines of JSON, of which the
 * last one has `done: true`, and closes. supervisor/control/control-socket.ts and control/client.ts are the two ends.
 *
 *   → {"command":"stop","now":false}
 *   ← {"done":false,"progress":"stopping: requests are finished first"}
 *   ← {"done":true,"ok":true}
 */
import type { CachePurge, RequestsInFlight, ServerChange, UpstreamReport } from './messages.ts';

export const CONTROL_SOCKET = 'control.sock';

export type ControlRequest =
  | { readonly command: 'status' }
  /** The requests that the application has in hand. */
  | { readonly command: 'ps'; readonly stacks: boolean }
  /** The last `recent` events that are remembered, then, with `follow`, each that happens. */
  | { readonly command: 'events'; readonly recent: number; readonly follow: boolean }
  /**
   * The last answer comes when the reload has ended, one way or the other. `application`: null for the settings and all
   * applications.
   */
  | { readonly command: 'reload'; readonly application: string | null }
  /** As `reload`, with a new gateway too. */
  | { readonly command: 'restart' }
  /** The last answer comes when so many workers serve, or when one of them cannot. `application`: null for the only one. */
  | {
      readonly command: 'scale';
      readonly application: string | null;
      readonly min: number;
      readonly max: number;
    }
  /** The last answer comes when all gateways have forgotten. */
  | { readonly command: 'purge'; readonly purge: CachePurge }
  /** Tells how they do, after the change. `upstream`: null for all of them. */
  | {
      readonly command: 'upstreams';
      readonly upstream: string | null;
      readonly change: ServerChange | null;
    }
  /** The last answer comes when all processes have ended. `now`: requests are cut after the shutdown timeout. */
  | { readonly command: 'stop'; readonly now: boolean };

export type ControlAnswer =
  | { readonly done: false; readonly progress: string }
  | { readonly done: false; readonly event: ServerEvent }
  | {
      readonly done: true;
      readonly ok: true;
      readonly status?: ServerStatus;
      readonly requests?: RequestsInFlight;
      readonly upstreams?: readonly UpstreamReport[];
      readonly detail?: string;
    }
  | { readonly done: true; readonly ok: false; readonly why: string; readonly traceback?: string | null };

export type LastAnswer = Extract<ControlAnswer, { done: true }>;

/** A message of the error log of `info` and above, as LogEntry in telemetry/log.ts. */
export interface ServerEvent {
  /** ISO 8601. */
  readonly at: string;
  readonly level: 'debug' | 'info' | 'warn' | 'error';
  /** Which process says so: "gateway 4711". */
  readonly process: string;
  readonly code: string;
  readonly message: string;
}

export interface ServerStatus {
  readonly versions: { readonly vivarium: string; readonly node: string };
  /** What keeps requests from being answered, in words; none while all is well. */
  readonly problems: readonly string[];
  /** Of the supervisor; so are memory and CPU time. */
  readonly pid: number;
  readonly residentBytes: number | null;
  readonly cpuMs: number | null;
  readonly serverRoot: string;
  readonly urls: readonly string[];
  readonly state: 'starting' | 'serving' | 'stopping';
  readonly uptimeMs: number;
  readonly gateway: GatewayStatus;
  /** None when only files are served. */
  readonly applications: readonly ApplicationStatus[];
  /** Processes that ended unasked since the server was started. */
  readonly restarts: { readonly workers: number; readonly gateways: number };
  /** The newest first. */
  readonly exits: readonly ProcessExit[];
}

/** Null: not known, because the gateway does not run, or does not answer, or the system has no /proc. */
export interface GatewayStatus {
  readonly pid: number | null;
  readonly residentBytes: number | null;
  readonly cpuMs: number | null;
  readonly connections: number | null;
  /** Requests that have come since this gateway was started, for files as well. */
  readonly requests: number | null;
}

export interface ApplicationStatus {
  readonly name: string;
  /** It was found in a directory for WSGI scripts; how it fares is no problem of the server. */
  readonly isDropIn: boolean;
  /** Version of its Python; null where a command serves it. */
  readonly python: string | null;
  /** Workers that there should be. */
  readonly processes: number;
  /** What that number is kept in; both the same when it does not change by itself. */
  readonly processesMin: number;
  readonly processesMax: number;
  /** Of each worker; of a command, the requests that it gets at once. */
  readonly threads: number;
  /** Requests that wait for one of them. */
  readonly queued: number | null;
  /** Why no worker can be started; null while there is one or it loads. */
  readonly unavailable: string | null;
  readonly workers: readonly WorkerStatus[];
}

export interface WorkerStatus {
  /** Its name. */
  readonly application: string;
  readonly worker: number;
  readonly pid: number | null;
  /** As in supervisor/pool/pool-member.ts. */
  readonly state: 'loading' | 'standby' | 'active' | 'draining' | 'stopping';
  readonly ageMs: number;
  readonly residentBytes: number | null;
  readonly cpuMs: number | null;
  /** Requests answered through this gateway. */
  readonly answered: number | null;
  readonly inFlight: number | null;
}

export interface ProcessExit {
  /** ISO 8601. */
  readonly at: string;
  /** "worker 3 (pid 77)", "the gateway (pid 76)". */
  readonly process: string;
  /** Completes the sentence: "was killed by SIGKILL". */
  readonly cause: string;
  /** Why it had to go, when that was not its own doing: "was replaced by a reload". */
  readonly reason: string | null;
  readonly wasExpected: boolean;
}
