/**
 * The admin listener: /metrics for Prometheus and its relatives, /live and /ready for load balancers and orchestrators.
 * Its requests meet neither the queue nor the access log, and they are not counted.
 */
import { VERSION } from '../base/version.ts';
import type { SupervisorReport, ToSupervisor } from '../control/messages.ts';
import type { Exchange, FieldList } from '../exchange.ts';
import type { Handler } from '../handler.ts';
import type { Log } from '../telemetry/log.ts';
import { ApplicationMetrics, type MeasuredWorker } from './application-metrics.ts';
import { chooseFormat } from './content-negotiation.ts';
import { CONTENT_TYPES, expose, type Family } from './exposition.ts';
import {
  type ApplicationState,
  applicationFamilies,
  type ConnectionCounts,
  connectionFamilies,
  loopFamilies,
  requestFamilies,
  serverFamilies,
  supervisorFamilies,
} from './families.ts';
import { LoopDelay } from './loop-delay.ts';
import { whyNotReady } from './readiness.ts';
import { RequestCounts } from './request-counts.ts';
import { SupervisorReports } from './supervisor-reports.ts';

/** The application as the admin listener sees it. */
export interface AdministeredApplication extends ApplicationState {
  readonly workers: ReadonlyMap<number, AdministeredWorker>;
  readonly whyUnavailable: string | null;
}

type AdministeredWorker = MeasuredWorker & {
  readonly state: string;
  readonly load: number;
  readonly answeredTotal: number;
};

export interface AdminSources {
  /** Null for a site of static files only. */
  readonly application: AdministeredApplication | null;
  /** Workers that there should be at least. */
  readonly workersWanted: () => number;
  connections(): ConnectionCounts;
  tell(message: ToSupervisor): void;
  readonly log: Log;
}

const INDEX = `vivarium ${VERSION}

/live     200 while the gateway runs
/ready    200 while the server can take requests, else 503 and why not
/metrics  OpenMetrics, or the text format of Prometheus
`;

const TEXT = 'text/plain; charset=utf-8';

export class Admin {
  readonly counts = new RequestCounts();
  readonly #sources: AdminSources;
  readonly #applicationMetrics: ApplicationMetrics;
  readonly #reports: SupervisorReports;
  readonly #loopDelay = new LoopDelay();
  isStopping = false;

  constructor(sources: AdminSources) {
    this.#sources = sources;
    this.#applicationMetrics = new ApplicationMetrics(sources.log);
    this.#reports = new SupervisorReports((message) => sources.tell(message));
  }

  readonly handle: Handler = (exchange) => {
    const { method, decodedPath } = exchange.request;
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

  supervisorReported(report: SupervisorReport): void {
    this.#reports.answered(report);
  }

  workerEnded(worker: MeasuredWorker): void {
    this.#applicationMetrics.workerEnded(worker);
  }

  close(): void {
    this.#loopDelay.close();
  }

  #whyNotReady(): string | null {
    const { application, workersWanted } = this.#sources;
    if (application === null) return whyNotReady({ isStopping: this.isStopping, application });
    const workers = [...application.workers.values()];
    const active = workers.filter(({ state }) => state === 'active').length;
    const { whyUnavailable: unavailable } = application;
    return whyNotReady({
      isStopping: this.isStopping,
      application: { active, wanted: workersWanted(), unavailable },
    });
  }

  async #answerMetrics(exchange: Exchange): Promise<void> {
    const report = await this.#reports.ask();
    const format = chooseFormat(exchange.request.fields.joined('accept'));
    answer(exchange, 200, CONTENT_TYPES[format], expose(this.#families(report), format));
  }

  #families(report: SupervisorReport | null): Family[] {
    const { application, connections } = this.#sources;
    return [
      ...serverFamilies(this.#whyNotReady() === null),
      ...requestFamilies(this.counts),
      ...connectionFamilies(connections()),
      ...(application === null ? [] : applicationFamilies(application)),
      ...loopFamilies(this.#loopDelay.histogram),
      ...supervisorFamilies(report),
      ...(application === null ? [] : this.#applicationMetrics.families(application.workers.values())),
    ];
  }
}

function answer(exchange: Exchange, status: number, type: string, text: string): void {
  // What is true now is not true in a minute.
  const fields: FieldList = ['Content-Type', type, 'Cache-Control', 'no-store'];
  exchange.respond(status, fields, Buffer.from(text, 'utf8'));
}
