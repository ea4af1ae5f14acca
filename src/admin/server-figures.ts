/** What is counted of a server, and what its supervisor says of it: for the admin listener and for status pages. */
import type { SupervisorReport, ToSupervisor } from '../control/messages.ts';
import { RequestCounts } from './request-counts.ts';
import { RequestRate } from './request-rate.ts';
import { SupervisorReports } from './supervisor-reports.ts';

export class ServerFigures {
  readonly counts = new RequestCounts();
  readonly rate = new RequestRate(() => this.counts.begun);
  readonly #reports: SupervisorReports;

  constructor(tell: (message: ToSupervisor) => void) {
    this.#reports = new SupervisorReports(tell);
  }

  /** Called once a second. */
  tick(): void {
    this.rate.tick();
  }

  /** Null when it does not answer in time. */
  askSupervisor(): Promise<SupervisorReport | null> {
    return this.#reports.ask();
  }

  supervisorReported(report: SupervisorReport): void {
    this.#reports.answered(report);
  }
}
