/**
 * The admin listener: /metrics for Prometheus and its relatives, /live and /ready for load balancers and orchestrators.
 * Its requests meet neither the queue nor the access log, and they are not counted.
 */
import { VERSION } from '../base/version.ts';
import type { CachePurge, PurgeReport, SupervisorReport, UpstreamReport } from '../control/messages.ts';
import type { Exchange, FieldList } from '../exchange.ts';
import type { Handler } from '../handler.ts';
import type { Log } from '../telemetry/log.ts';
import { ApplicationMetrics, type MeasuredWorker } from './application-metrics.ts';
import { chooseFormat } from './content-negotiation.ts';
import { CONTENT_TYPES, expose, type Family } from './exposition.ts';
import {
  type ApplicationState,
  applicationFamilies,
  type CacheState,
  type ConnectionCounts,
  cacheFamilies,
  connectionFamilies,
  loopFamilies,
  requestFamilies,
  serverFamilies,
  supervisorFamilies,
} from './families.ts';
import { LoopDelay } from './loop-delay.ts';
import { MergedFamilies } from './merged-families.ts';
import { whyNotReady } from './readiness.ts';
import type { ServerFigures } from './server-figures.ts';
import { upstreamFamilies } from './upstream-families.ts';

/** An application as the admin listener sees it. */
export interface AdministeredApplication extends ApplicationState {
  /** Workers that there should be at least. */
  readonly workersWanted: number;
  /** The server is ready whether it can be loaded or not. */
  readonly isDropIn: boolean;
  readonly workers: ReadonlyMap<number, AdministeredWorker>;
  readonly whyUnavailable: string | null;
}

type AdministeredWorker = MeasuredWorker & {
  readonly state: string;
  readonly load: number;
  readonly answeredTotal: number;
};

export interface AdministeredCache extends CacheState {
  purge(purge: CachePurge): Promise<PurgeReport>;
}

export interface AdminSources {
  readonly applications: Iterable<AdministeredApplication>;
  connections(): ConnectionCounts;
  cache(): AdministeredCache;
  upstreams(): readonly UpstreamReport[];
  readonly figures: ServerFigures;
  readonly log: Log;
}

const INDEX = `vivarium ${VERSION}

/live     200 while the gateway runs
/ready    200 while the server can take requests, else 503 and why not
/metrics  OpenMetrics, or the text format of Prometheus
/purge    POST: caches forget answers: ?url=URL, ?prefix=URL, ?tag=TAG or ?all
`;

const TEXT = 'text/plain; charset=utf-8';
const JSON_TYPE = 'application/json';

export class Admin {
  readonly #sources: AdminSources;
  /** By the name of the application. */
  readonly #measured = new Map<string, ApplicationMetrics>();
  readonly #merged: MergedFamilies;
  readonly #loopDelay = new LoopDelay();
  isStopping = false;

  constructor(sources: AdminSources) {
    this.#sources = sources;
    this.#merged = new MergedFamilies(sources.log);
  }

  readonly handle: Handler = (exchange) => {
    const { method, decodedPath } = exchange.request;
    if (decodedPath === '/purge') return answerPurge(exchange, this.#sources.cache());
    const page = Object.hasOwn(this.#pages, decodedPath) ? this.#pages[decodedPath] : undefined;
    if (page === undefined)
      return answer(exchange, 404, TEXT, 'There is nothing here; / says what there is.\n');
    if (method === 'GET' || method === 'HEAD') return page(exchange);
    exchange.respond(
      405,
      ['Allow', 'GET, HEAD', 'Content-Type', TEXT],
      'Only GET and HEAD are answered here.\n',
    );
  };

  readonly #pages: Readonly<Record<string, Handler>> = {
    '/': (exchange) => answer(exchange, 200, TEXT, INDEX),
    '/live': (exchange) => answer(exchange, 200, TEXT, 'live\n'),
    '/ready': (exchange) => {
      const why = this.#whyNotReady();
      if (why === null) answer(exchange, 200, TEXT, 'ready\n');
      else answer(exchange, 503, TEXT, `not ready: ${why}\n`);
    },
    '/metrics': (exchange) => void this.#answerMetrics(exchange),
  };

  workerEnded(application: string, worker: MeasuredWorker): void {
    this.#metricsOf(application).workerEnded(worker);
  }

  close(): void {
    this.#loopDelay.close();
  }

  #whyNotReady(): string | null {
    const configured = [...this.#sources.applications].filter(({ isDropIn }) => !isDropIn);
    const applications = configured.map(({ name, workers, workersWanted: wanted, whyUnavailable }) => {
      const active = [...workers.values()].filter(({ state }) => state === 'active').length;
      return { name, active, wanted, unavailable: whyUnavailable };
    });
    return whyNotReady({ isStopping: this.isStopping, applications });
  }

  async #answerMetrics(exchange: Exchange): Promise<void> {
    const report = await this.#sources.figures.askSupervisor();
    const format = chooseFormat(exchange.request.fields.joined('accept'));
    answer(exchange, 200, CONTENT_TYPES[format], expose(this.#families(report), format));
  }

  #families(report: SupervisorReport | null): Family[] {
    const { connections, upstreams } = this.#sources;
    const applications = [...this.#sources.applications];
    for (const known of this.#measured.keys())
      if (!applications.some(({ name }) => name === known)) this.#measured.delete(known);
    return [
      ...serverFamilies(this.#whyNotReady() === null),
      ...requestFamilies(this.#sources.figures.counts),
      ...connectionFamilies(connections()),
      ...cacheFamilies(this.#sources.cache()),
      ...applicationFamilies(applications),
      ...upstreamFamilies(upstreams()),
      ...loopFamilies(this.#loopDelay.histogram),
      ...supervisorFamilies(report),
      ...this.#merged.of(
        applications.map(({ name, workers }) => [name, this.#metricsOf(name).families(workers.values())]),
      ),
    ];
  }

  #metricsOf(application: string): ApplicationMetrics {
    const known = this.#measured.get(application);
    if (known !== undefined) return known;
    const metrics = new ApplicationMetrics(this.#sources.log);
    this.#measured.set(application, metrics);
    return metrics;
  }
}

/** `POST /purge?url=http://example.org/news`. Not by GET: a page of somebody else's could make a browser do it. */
function answerPurge(exchange: Exchange, cache: AdministeredCache): void {
  const { method, query } = exchange.request;
  if (method !== 'POST') {
    exchange.respond(405, ['Allow', 'POST', 'Content-Type', TEXT], 'Purge by POST.\n');
    return;
  }
  const [[kind, value] = ['', ''], ...more] = [...new URLSearchParams(query)];
  if (!isPurgeKind(kind) || more.length > 0 || (kind !== 'all') === (value === ''))
    return answer(exchange, 400, TEXT, 'allowed: one of ?url=URL, ?prefix=URL, ?tag=TAG and ?all\n');
  void cache
    .purge({ kind, value })
    .then((report) => answer(exchange, 200, JSON_TYPE, `${JSON.stringify(report)}\n`));
}

function isPurgeKind(kind: string): kind is CachePurge['kind'] {
  return kind === 'url' || kind === 'prefix' || kind === 'tag' || kind === 'all';
}

function answer(exchange: Exchange, status: number, type: string, text: string): void {
  // What is true now is not true in a minute.
  const fields: FieldList = ['Content-Type', type, 'Cache-Control', 'no-store'];
  exchange.respond(status, fields, Buffer.from(text, 'utf8'));
}
