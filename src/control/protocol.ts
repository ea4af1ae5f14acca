/**
 * The control protocol, spoken on the private Unix socket `control.sock` in the server root (0600: whoever may open it
 * may do all of this). The client sends one request, a line of JSON; the server answers with lines of JSON, of which the
 * last one has `done: true`, and closes. supervisor/control-socket.ts and control/client.ts are the two ends.
 *
 *   → {"command":"stop","now":false}
 *   ← {"done":false,"progress":"stopping: requests are finished first"}
 *   ← {"done":true,"ok":true}
 */

export const CONTROL_SOCKET = 'control.sock';

export type ControlRequest =
  | { readonly command: 'status' }
  /** The last answer comes when the reload has ended, one way or the other. */
  | { readonly command: 'reload' }
  /** As `reload`, with a new gateway too. */
  | { readonly command: 'restart' }
  /** The last answer comes when all processes have ended. `now`: requests are cut after the shutdown timeout. */
  | { readonly command: 'stop'; readonly now: boolean };

export type ControlAnswer =
  | { readonly done: false; readonly progress: string }
  | { readonly done: true; readonly ok: true; readonly status?: ServerStatus; readonly detail?: string }
  | { readonly done: true; readonly ok: false; readonly why: string; readonly traceback?: string | null };

export type LastAnswer = Extract<ControlAnswer, { done: true }>;

export interface ServerStatus {
  readonly version: string;
  readonly pid: number;
  readonly serverRoot: string;
  readonly urls: readonly string[];
  readonly state: 'starting' | 'serving' | 'stopping';
  readonly uptimeMs: number;
  readonly gateway: GatewayStatus;
  /** Null when only files are served. */
  readonly application: ApplicationStatus | null;
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
}

export interface ApplicationStatus {
  readonly name: string;
  /** Workers that there should be. */
  readonly processes: number;
  readonly threads: number;
  /** Requests that wait for a thread. */
  readonly queued: number | null;
  /** Why no worker can be started; null while there is one or it loads. */
  readonly unavailable: string | null;
  readonly workers: readonly WorkerStatus[];
}

export interface WorkerStatus {
  readonly worker: number;
  readonly pid: number | null;
  /** As in supervisor/pool-member.ts. */
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
