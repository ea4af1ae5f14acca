/** What the status page says, as values. */
import { VERSION } from '../../base/version.ts';
import type {
  RequestInFlight,
  SupervisorReport,
  UpstreamReport,
  UsageReport,
} from '../../control/messages.ts';
import type { ConnectionCounts } from '../families.ts';
import type { RequestCounts } from '../request-counts.ts';
import { METHODS, STATUSES } from '../request-counts.ts';
import type { ServerFigures } from '../server-figures.ts';

/** An application as the page sees it. */
export interface ShownApplication {
  readonly name: string;
  readonly queue: { readonly length: number };
  readonly whyUnavailable: string | null;
  readonly workers: ReadonlyMap<number, ShownWorker>;
}

export interface ShownWorker {
  readonly identity: { readonly worker: number; readonly threads: number };
  readonly pid: number;
  readonly state: string;
  readonly load: number;
  readonly answeredTotal: number;
}

export interface StatusSources {
  readonly applications: Iterable<ShownApplication>;
  readonly figures: ServerFigures;
  connections(): ConnectionCounts;
  upstreams(): readonly UpstreamReport[];
  /** Oldest first. */
  requestsInFlight(): Promise<readonly RequestInFlight[]>;
}

/** Times in ms since 1970, or in ms; sizes in bytes. Counts are of the gateway, which is a new one after a reload. */
export interface StatusReport {
  readonly version: string;
  readonly now: number;
  /** Of the server; null when it is not known. */
  readonly startedAt: number | null;
  readonly countingSince: number;
  readonly requests: {
    readonly total: number;
    readonly inFlight: number;
    /** In the last second, ten seconds and minute. */
    readonly perSecond: readonly number[];
    readonly byStatus: Readonly<Record<string, number>>;
    readonly byMethod: Readonly<Record<string, number>>;
    readonly incomplete: Readonly<Record<string, number>>;
    readonly requestBodyBytes: number;
    readonly responseBodyBytes: number;
  };
  readonly connections: ConnectionCounts;
  readonly gateway: UsageReport | null;
  readonly supervisor: UsageReport | null;
  readonly applications: readonly ApplicationStatus[];
  readonly upstreams: readonly UpstreamReport[];
  /** The oldest ones. */
  readonly inFlight: readonly RequestInFlight[];
}

interface ApplicationStatus {
  readonly name: string;
  readonly queued: number;
  readonly unavailable: string | null;
  readonly workers: readonly WorkerStatus[];
}

interface WorkerStatus {
  readonly worker: number;
  readonly pid: number;
  readonly state: string;
  readonly threads: number;
  readonly inFlight: number;
  readonly answered: number;
  readonly usage: UsageReport | null;
}

const SHOWN_MAX = 200;

export async function makeStatusReport(sources: StatusSources): Promise<StatusReport> {
  const [supervisor, inFlight] = await Promise.all([
    sources.figures.askSupervisor(),
    sources.requestsInFlight(),
  ]);
  const { counts, rate } = sources.figures;
  return {
    version: VERSION,
    now: Date.now(),
    startedAt: supervisor?.startedAtMs ?? null,
    countingSince: Math.round(performance.timeOrigin),
    requests: {
      total: counts.begun,
      inFlight: counts.inFlight,
      perSecond: rate.perSecond,
      byStatus: sums(
        STATUSES,
        (status) => METHODS.map((_, method) => method * STATUSES.length + status),
        counts,
      ),
      byMethod: sums(
        METHODS,
        (method) => STATUSES.map((_, status) => method * STATUSES.length + status),
        counts,
      ),
      incomplete: { ...counts.incomplete },
      requestBodyBytes: counts.requestBodyBytes,
      responseBodyBytes: counts.responseBodyBytes,
    },
    connections: sources.connections(),
    gateway: supervisor?.gateway ?? null,
    supervisor: supervisor?.supervisor ?? null,
    applications: Array.from(sources.applications, (application) => statusOf(application, supervisor)),
    upstreams: sources.upstreams(),
    inFlight: inFlight.slice(0, SHOWN_MAX),
  };
}

function sums(
  names: readonly string[],
  indices: (name: number) => number[],
  { ended }: RequestCounts,
): Record<string, number> {
  return Object.fromEntries(
    names.map((name, i) => [name, indices(i).reduce((sum, index) => sum + ended[index]!, 0)]),
  );
}

function statusOf(application: ShownApplication, supervisor: SupervisorReport | null): ApplicationStatus {
  const workers = Array.from(application.workers.values(), (worker) => ({
    worker: worker.identity.worker,
    pid: worker.pid,
    state: worker.state,
    threads: worker.identity.threads,
    inFlight: worker.load,
    answered: worker.answeredTotal,
    usage: supervisor?.workers.find((one) => one.worker === worker.identity.worker)?.usage ?? null,
  }));
  const { name, queue, whyUnavailable } = application;
  return { name, queued: queue.length, unavailable: whyUnavailable, workers };
}
