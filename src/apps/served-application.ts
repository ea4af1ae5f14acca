/** An application as a gateway serves it, whether its processes are workers of ours or a command of its own. */
import type { FromApplication, RequestInFlight, ToApplication, WorkerIdentity } from '../control/messages.ts';
import type { Handler } from '../handler.ts';
import type { Worker } from './worker.ts';
import type { WorkerMetric } from './worker-metrics.ts';

export interface ServedApplication {
  readonly name: string;
  readonly isDropIn: boolean;
  /** As it was configured: `/` for the root. */
  readonly mountPoint: string;
  readonly handle: Handler;
  /** Workers that there should be at least. */
  readonly workersWanted: number;
  /** It gets no more requests. */
  readonly isLeaving: boolean;
  readonly workers: ReadonlyMap<number, ServedWorker>;
  /** Requests that wait. */
  readonly queue: { readonly length: number };
  /** Requests answered 503, by why. */
  readonly refused: Readonly<Record<string, number>>;
  readonly spent: { readonly cpuUs: number; readonly wallUs: number };
  /** Why no worker can be had; null while there are some or they are starting. */
  readonly whyUnavailable: string | null;
  /** The worker that may dial with this number. */
  dialling(number: number): Worker | undefined;
  /** What is under way, oldest first. */
  requestsInFlight(withStacks: boolean): RequestInFlight[] | Promise<RequestInFlight[]>;
  /** What the supervisor says. */
  told(message: ToServed): void;
  /** It was to leave, and is wanted again. */
  stay(): void;
  /** Once a second. */
  check(now: number): void;
  /** The error log was renamed: `path` is a new one. */
  reopenLog(path: string): void;
  /** The gateway ends. */
  close(): void;
}

export interface ServedWorker {
  readonly identity: WorkerIdentity;
  readonly pid: number;
  readonly state: string;
  /** Requests in flight. */
  readonly load: number;
  /** Requests answered altogether. */
  readonly answeredTotal: number;
  /** What the application counts in it. */
  readonly metrics: { readonly all: ReadonlyMap<string, WorkerMetric> };
}

export type ToServed = Exclude<ToApplication, { type: 'application-added' }>;
export type Tell = (message: FromApplication) => void;
