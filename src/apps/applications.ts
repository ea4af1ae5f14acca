/** The applications of a gateway, by name: what concerns one of them finds it here. */
import type { SpoolLimits } from '../base/spool.ts';
import type { ApplicationSettings } from '../config/configuration.ts';
import type { FromApplication, OfApplication, RequestInFlight, ToApplication } from '../control/messages.ts';
import type { Log } from '../telemetry/log.ts';
import { HostedApplication } from './hosted-application.ts';
import type { ServedApplication, Tell } from './served-application.ts';
import type { Worker } from './worker.ts';

/** How one that is no WSGI application is served; null: it is one. */
export type MakeOther = (settings: ApplicationSettings, tell: Tell) => ServedApplication | null;

export class Applications {
  readonly #byName = new Map<string, ServedApplication>();
  readonly #responseSpool: SpoolLimits;
  readonly #tell: (message: FromApplication & OfApplication) => void;
  readonly #log: Log;
  readonly #makeOther: MakeOther;

  constructor(
    responseSpool: SpoolLimits,
    tell: (message: FromApplication & OfApplication) => void,
    log: Log,
    makeOther: MakeOther,
  ) {
    this.#responseSpool = responseSpool;
    this.#tell = tell;
    this.#log = log;
    this.#makeOther = makeOther;
  }

  add(settings: ApplicationSettings): ServedApplication {
    const { name } = settings;
    const tell = (message: FromApplication) => this.#tell({ ...message, application: name });
    const application =
      this.#makeOther(settings, tell) ??
      new HostedApplication(settings, this.#responseSpool, tell, this.#log);
    this.#byName.set(name, application);
    return application;
  }

  /** One that is served. */
  get(name: string): ServedApplication | undefined {
    const application = this.#byName.get(name);
    return application?.isLeaving ? undefined : application;
  }

  [Symbol.iterator](): IterableIterator<ServedApplication> {
    return this.#byName.values();
  }

  /** What the supervisor says of one of them. */
  told({ application, ...message }: ToApplication & OfApplication): void {
    const known = this.#byName.get(application);
    if (message.type !== 'application-added') known?.told(message);
    else if (known === undefined) this.add(message.settings);
    else known.stay();
  }

  /** The worker that may dial with this number. */
  workerOf(number: number): Worker | undefined {
    for (const application of this) {
      const worker = application.dialling(number);
      if (worker !== undefined) return worker;
    }
    return undefined;
  }

  /** The error log was renamed: `path` is a new one. */
  reopenLog(path: string): void {
    for (const application of this) application.reopenLog(path);
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

  #remove(application: ServedApplication): void {
    application.close();
    this.#byName.delete(application.name);
  }

  /** The gateway ends. */
  close(): void {
    for (const application of this) application.close();
  }
}
