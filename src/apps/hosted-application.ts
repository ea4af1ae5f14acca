/**
 * An application as a gateway hosts it: its queue and workers (application.ts), what the pool of its workers in the
 * supervisor says to it and hears from it, and what its author is shown of code that cannot be loaded.
 */
import type { SpoolLimits } from '../base/spool.ts';
import type { ApplicationSettings } from '../config/configuration.ts';
import type { RequestInFlight } from '../control/messages.ts';
import { BrokenCode } from '../development/broken-code.ts';
import type { Handler } from '../handler.ts';
import type { Log } from '../telemetry/log.ts';
import { Application } from './application.ts';
import { DemandReports } from './demand-reports.ts';
import type { ServedApplication, Tell, ToServed } from './served-application.ts';
import type { Worker } from './worker.ts';
import type { WorkerEvents } from './worker-events.ts';

export class HostedApplication implements ServedApplication {
  readonly #settings: ApplicationSettings;
  readonly #tell: Tell;
  readonly #demand: DemandReports;
  /** What there is to show of code that cannot be loaded. */
  readonly #brokenCode = new BrokenCode();
  readonly #application: Application;
  readonly handle: Handler;
  /** Workers that there should be at least. */
  workersWanted: number;
  /** It gets no more requests. */
  isLeaving = false;

  constructor(settings: ApplicationSettings, responseSpool: SpoolLimits, tell: Tell, log: Log) {
    this.#settings = settings;
    this.#tell = tell;
    this.workersWanted = settings.processes.min;
    this.#application = new Application(settings, responseSpool, this.#workerEvents(), log);
    this.#demand = new DemandReports(this.#application, tell);
    const { handle, showsTracebacks } = this.#application;
    this.handle = showsTracebacks ? this.#brokenCode.shownBefore(handle) : handle;
  }

  get name(): string {
    return this.#settings.name;
  }

  get isDropIn(): boolean {
    return this.#settings.isDropIn;
  }

  /** As it was configured: `/` for the root. */
  get mountPoint(): string {
    return this.#settings.mountPoint;
  }

  get workers(): ReadonlyMap<number, Worker> {
    return this.#application.workers;
  }

  get queue(): { readonly length: number } {
    return this.#application.queue;
  }

  get refused(): Readonly<Record<string, number>> {
    return this.#application.refused;
  }

  get spent(): { readonly cpuUs: number; readonly wallUs: number } {
    return this.#application.spent;
  }

  get whyUnavailable(): string | null {
    return this.#application.whyUnavailable;
  }

  /** What is under way, oldest first. */
  requestsInFlight(withStacks: boolean): RequestInFlight[] | Promise<RequestInFlight[]> {
    return withStacks ? this.#application.requestsWithStacks() : this.#application.requestsInFlight();
  }

  /** What the supervisor says. */
  told(message: ToServed): void {
    switch (message.type) {
      case 'application-removed':
        this.isLeaving = true;
        this.#application.unavailable('it is not served any more');
        break;
      case 'expect-worker':
        this.#application.expect(message.identity);
        break;
      case 'switch':
        if (message.activate.length > 0) this.#brokenCode.report = null;
        this.#application.switch(message.activate, message.drain);
        break;
      case 'worker-exited':
        this.#application.exited(message.worker, message.cause);
        break;
      case 'application-unavailable':
        this.#application.unavailable(message.why);
        break;
      case 'scale':
        this.workersWanted = message.min;
        this.#demand.setWanted(message.min < message.max);
        break;
    }
  }

  /** It was to leave, and is wanted again. */
  stay(): void {
    this.isLeaving = false;
    this.#application.switch([], []);
  }

  /** Once a second. */
  check(now: number): void {
    this.#application.check(now);
    this.#reportUsage();
  }

  dialling(number: number): Worker | undefined {
    return this.workers.get(number);
  }

  reopenLog(path: string): void {
    for (const worker of this.workers.values()) worker.reopenLog(path);
  }

  /** The gateway ends. */
  close(): void {
    this.#demand.setWanted(false);
    this.#application.close();
  }

  /** For the limits that only we can tell are reached. */
  #reportUsage(): void {
    const { maximumRequests, inactivityTimeoutMs } = this.#settings.recycling;
    if (maximumRequests + inactivityTimeoutMs === 0) return;
    const workers = [...this.workers.values()];
    const usage = workers.map((worker) => worker.takeUsage()).filter((one) => one !== null);
    if (usage.length > 0) this.#tell({ type: 'worker-usage', usage });
  }

  #workerEvents(): WorkerEvents {
    const tell = this.#tell;
    const numberOf = ({ identity }: Worker) => identity.worker;
    return {
      ready: (worker) => tell({ type: 'worker-ready', worker: numberOf(worker), pid: worker.pid }),
      failed: (worker, traceback, report) => {
        this.#brokenCode.report = report;
        tell({ type: 'worker-failed', worker: numberOf(worker), traceback });
      },
      stopping: (worker) => tell({ type: 'worker-stopping', worker: numberOf(worker) }),
      evicted: (worker) => tell({ type: 'worker-evicted', worker: numberOf(worker) }),
      drained: (worker) => tell({ type: 'worker-drained', worker: numberOf(worker) }),
      stuck: (worker, why) => tell({ type: 'worker-stuck', worker: numberOf(worker), why }),
      deadlocked: (worker, why) => tell({ type: 'worker-deadlocked', worker: numberOf(worker), why }),
      broken: (worker, why) => tell({ type: 'worker-broken', worker: numberOf(worker), why }),
      deserted: () => this.#demand.report(),
    };
  }
}
