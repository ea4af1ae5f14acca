/** The applications of a gateway, by name: what concerns one of them finds it here. */
import type { SpoolLimits } from '../base/spool.ts';
import type { ApplicationSettings } from '../config/configuration.ts';
import type { FromApplication, OfApplication, RequestInFlight, ToApplication } from '../control/messages.ts';
import type { Log } from '../telemetry/log.ts';
import { HostedApplication } from './hosted-application.ts';
import type { Worker } from './worker.ts';

export class Applications {
  readonly #byName = new Map<string, HostedApplication>();
  readonly #responseSpool: SpoolLimits;
  readonly #tell: (message: FromApplication & OfApplication) => void;
  readonly #log: Log;

  constructor(
    responseSpool: SpoolLimits,
    tell: (message: FromApplication & OfApplication) => void,
    log: Log,
  ) {
    this.#responseSpool = responseSpool;
    this.#tell = tell;
    this.#log = log;
  }

  add(settings: ApplicationSettings): HostedApplication {
    const { name } = settings;
    const tell = (message: FromApplication) => this.#tell({ ...message, application: name });
    const application = new HostedApplication(settings, this.#responseSpool, tell, this.#log);
    this.#byName.set(name, application);
    return application;
  }

  /** One that is served. */
  get(name: string): HostedApplication | undefined {
    const application = this.#byName.get(name);
    return application?.isLeaving ? undefined : application;
  }

  [Symbol.iterator](): IterableIterator<HostedApplication> {
    return this.#byName.values();
  }

  /** What the supervisor says of one of them. */
  told({ application, ...message }: ToApplication & OfApplication): void {
    const known = this.#byName.get(application);
    if (message.type !== 'application-added') known?.told(message);
    else if (known === undefined) this.add(message.settings);
    else known.stay();
  }

  workerOf(number: number): Worker | undefined {
    for (const { workers } of this.#byName.values()) {
      const worker = workers.get(number);
      if (worker !== undefined) return worker;
    }
    return undefined;
  }

  /** The error log was renamed: `path` is a new one. */
  reopenLog(path: string): void {
    for (const { workers } of this) for (const worker of workers.values()) worker.reopenLog(path);
  }

  /** What is under way in all of them, oldest first. */
  async requestsInFlight(withStacks: boolean): Promise<RequestInFlight[]> {
    const all = await Promise.all([...this].map((application) => application.requestsInFlight(withStacks)));
    return all.flat().sort((a, b) => b.ageMs - a.ageMs);
  }

  /** Once a second. */
  check(now: number): void {
    for (const application of this) {
      application.check(now);
      if (application.isLeaving && application.workers.size === 0) this.#remove(application);
    }
  }

  #remove(application: HostedApplication): void {
    application.close();
    this.#byName.delete(application.name);
  }

  /** The gateway ends. */
  close(): void {
    for (const application of this) application.close();
  }
}
