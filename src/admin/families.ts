/** Every metric of the server itself: docs/guide/metrics.md explains them, and a test holds the two together. */
import { VERSION } from '../base/version.ts';
import type { SupervisorReport, UsageReport, WorkerReport } from '../control/messages.ts';
import type { Family, Sample } from './exposition.ts';
import { counter, each, gauge, histogram, one } from './family.ts';
import { METHODS, type RequestCounts, STATUSES } from './request-counts.ts';

export interface ConnectionCounts {
  readonly open: number;
  readonly accepted: number;
  readonly turnedAway: number;
  /** Those of them whose client had enough. */
  readonly limited: number;
}

/** What is told of an application. */
export interface ApplicationState {
  readonly name: string;
  readonly queue: { readonly length: number };
  readonly refused: Readonly<Record<string, number>>;
  readonly spent: { readonly cpuUs: number; readonly wallUs: number };
  readonly workers: ReadonlyMap<number, WorkerState>;
}

export interface WorkerState {
  readonly load: number;
  readonly answeredTotal: number;
}

const MEMBER_STATES = ['loading', 'standby', 'active', 'draining', 'stopping'] as const;

export function serverFamilies(isReady: boolean): Family[] {
  const labels = { version: VERSION, node: process.versions.node };
  return [
    gauge('vivarium_build_info', 'Version of Vivarium and of Node.js; always 1', [{ labels, value: 1 }]),
    gauge('vivarium_ready', 'Whether /ready says yes', one(Number(isReady))),
  ];
}

export function requestFamilies(counts: RequestCounts): Family[] {
  const { queue, application, write } = counts;
  return [
    counter('vivarium_requests', 'Requests that have ended, by method and class of status', ended(counts)),
    counter(
      'vivarium_requests_incomplete',
      'Requests whose client did not get the whole answer, by why',
      each(
        Object.entries(counts.incomplete),
        ([reason]) => ({ reason }),
        ([, count]) => count,
      ),
    ),
    gauge('vivarium_requests_in_flight', 'Requests that have not ended', one(counts.inFlight)),
    counter('vivarium_request_body_bytes', 'Bytes of request bodies', one(counts.requestBodyBytes)),
    counter('vivarium_response_body_bytes', 'Bytes of response bodies', one(counts.responseBodyBytes)),
    histogram(
      'vivarium_request_duration_seconds',
      'Time from the first byte of a request to the end of its answer',
      one(counts.duration),
    ),
    histogram(
      'vivarium_request_phase_seconds',
      'Time of requests to the application: in the queue, in the application, waiting for a slow client',
      each(
        Object.entries({ queue, application, write }),
        ([phase]) => ({ phase }),
        ([, value]) => value,
      ),
    ),
  ];
}

/** Only what has happened: most methods never meet most statuses. */
function ended({ ended: counts }: RequestCounts): Sample[] {
  return METHODS.flatMap((method, row) =>
    STATUSES.flatMap((status, column) => {
      const value = counts[row * STATUSES.length + column]!;
      return value === 0 ? [] : [{ labels: { method, status }, value }];
    }),
  );
}

export function connectionFamilies({ open, accepted, turnedAway, limited }: ConnectionCounts): Family[] {
  return [
    gauge('vivarium_connections', 'Connections of clients that are open', one(open)),
    counter('vivarium_connections_accepted', 'Connections of clients since the start', one(accepted)),
    counter(
      'vivarium_connections_turned_away',
      'Connections that were closed at once: for want of room, or because their client had enough',
      [
        { labels: { reason: 'full' }, value: turnedAway - limited },
        { labels: { reason: 'client' }, value: limited },
      ],
    ),
  ];
}

export function applicationFamilies(applications: readonly ApplicationState[]): Family[] {
  const name = ({ name: application }: ApplicationState) => ({ application });
  const refused = applications.flatMap(({ name: application, refused: counts }) =>
    Object.entries(counts).map(([reason, count]) => ({ application, reason, count })),
  );
  const workers = applications.flatMap((application) =>
    Array.from(application.workers, ([number, state]) => ({ application, number, state })),
  );
  const worker = ({ application, number }: (typeof workers)[number]) => ({
    ...name(application),
    worker: String(number),
  });
  return [
    gauge(
      'vivarium_queue_length',
      'Requests that wait for a thread',
      each(applications, name, ({ queue }) => queue.length),
    ),
    counter(
      'vivarium_requests_refused',
      'Requests that were answered 503 without a worker, by why',
      each(
        refused,
        ({ application, reason }) => ({ application, reason }),
        ({ count }) => count,
      ),
    ),
    counter(
      'vivarium_application_cpu_seconds',
      'CPU time that threads have spent on requests',
      each(applications, name, ({ spent }) => spent.cpuUs / 1e6),
    ),
    counter(
      'vivarium_application_busy_seconds',
      'Time that threads have spent on requests: working, waiting and without the interpreter',
      each(applications, name, ({ spent }) => spent.wallUs / 1e6),
    ),
    gauge(
      'vivarium_worker_requests_in_flight',
      'Requests that a worker has and has not answered',
      each(workers, worker, ({ state }) => state.load),
    ),
    counter(
      'vivarium_worker_requests',
      'Requests that a worker has answered',
      each(workers, worker, ({ state }) => state.answeredTotal),
    ),
  ];
}

/** What caches have done and hold. */
export interface CacheState {
  readonly counts: {
    readonly requests: Readonly<Record<string, number>>;
    readonly coalesced: number;
    readonly stored: number;
    readonly purged: number;
    readonly hitBytes: number;
  };
  readonly memory: { readonly bytes: number; readonly entries: number; readonly evictions: number };
  readonly disk: { readonly bytes: number; readonly files: number } | null;
}

export function cacheFamilies({ counts, memory, disk }: CacheState): Family[] {
  const places = { memory, ...(disk === null ? {} : { disk: { bytes: disk.bytes, entries: disk.files } }) };
  const place = ([name]: [string, unknown]) => ({ place: name });
  return [
    counter(
      'vivarium_cache_requests',
      'Requests that a cache has looked at, by what became of them',
      each(
        Object.entries(counts.requests),
        ([result]) => ({ result }),
        ([, count]) => count,
      ),
    ),
    counter(
      'vivarium_cache_coalesced',
      'Requests that were answered with what another one has fetched',
      one(counts.coalesced),
    ),
    counter('vivarium_cache_stored', 'Answers that were kept', one(counts.stored)),
    counter('vivarium_cache_evicted', 'Answers that went because memory was full', one(memory.evictions)),
    counter('vivarium_cache_purged', 'Answers that were purged', one(counts.purged)),
    counter('vivarium_cache_hit_bytes', 'Bytes of bodies that were sent from a cache', one(counts.hitBytes)),
    gauge(
      'vivarium_cache_entries',
      'Answers that are kept; on disk: files',
      each(Object.entries(places), place, ([, { entries }]) => entries),
    ),
    gauge(
      'vivarium_cache_bytes',
      'What they take',
      each(Object.entries(places), place, ([, { bytes }]) => bytes),
    ),
  ];
}

export function loopFamilies(delay: Sample['value']): Family[] {
  return [
    histogram(
      'vivarium_gateway_loop_delay_seconds',
      'How late the event loop of the gateway is, measured ten times a second',
      one(delay),
    ),
  ];
}

/** Null: the supervisor has not answered. */
export function supervisorFamilies(report: SupervisorReport | null): Family[] {
  const isUp = gauge(
    'vivarium_supervisor_up',
    'Whether the supervisor has answered',
    one(Number(report !== null)),
  );
  if (report === null) return [isUp];
  const { workers, workersWanted, workerExits, gatewayExits, startedAtMs } = report;
  const name = ({ application, worker }: WorkerReport) => ({ application, worker: String(worker) });
  return [
    isUp,
    gauge(
      'vivarium_start_time_seconds',
      'When the server was started, in Unix time',
      one(startedAtMs / 1000),
    ),
    gauge(
      'vivarium_workers_wanted',
      'Workers that there should be',
      each(
        Object.entries(workersWanted),
        ([application]) => ({ application }),
        ([, count]) => count,
      ),
    ),
    gauge(
      'vivarium_workers',
      'Workers by state',
      each(
        Object.keys(workersWanted).flatMap((application) =>
          MEMBER_STATES.map((state) => ({ application, state })),
        ),
        (labels) => labels,
        ({ application, state }) =>
          workers.filter((one) => one.application === application && one.state === state).length,
      ),
    ),
    counter(
      'vivarium_worker_exits',
      'Workers that have ended, by why',
      each(
        Object.entries(workerExits),
        ([reason]) => ({ reason }),
        ([, count]) => count,
      ),
    ),
    counter('vivarium_gateway_exits', 'Gateways that have ended unasked', one(gatewayExits)),
    gauge(
      'vivarium_worker_resident_memory_bytes',
      'Memory of a worker',
      each(workers, name, ({ usage }) => usage?.residentBytes ?? null),
    ),
    counter(
      'vivarium_worker_cpu_seconds',
      'CPU time of a worker, loading included',
      each(workers, name, ({ usage }) => usage && usage.cpuMs / 1000),
    ),
    ...ownProcesses(report),
  ];
}

function ownProcesses({ supervisor, gateway }: SupervisorReport): Family[] {
  const processes = Object.entries({ supervisor, gateway });
  const labels = ([process]: [string, UsageReport | null]) => ({ process });
  return [
    gauge(
      'vivarium_process_resident_memory_bytes',
      'Memory of the supervisor and of the gateway',
      each(processes, labels, ([, usage]) => usage?.residentBytes ?? null),
    ),
    counter(
      'vivarium_process_cpu_seconds',
      'CPU time of the supervisor and of the gateway',
      each(processes, labels, ([, usage]) => usage && usage.cpuMs / 1000),
    ),
  ];
}
