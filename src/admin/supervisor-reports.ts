/** Asks the supervisor what only it knows. Those who ask at the same time share the answer. */
import type { SupervisorReport, ToSupervisor } from '../control/messages.ts';

/** A supervisor has nothing to do that takes so long. */
const ANSWER_WAIT_MS = 1_000;

export class SupervisorReports {
  readonly #tell: (message: ToSupervisor) => void;
  #asked: PromiseWithResolvers<SupervisorReport | null> | null = null;

  constructor(tell: (message: ToSupervisor) => void) {
    this.#tell = tell;
  }

  /** Null when it does not answer in time. */
  ask(): Promise<SupervisorReport | null> {
    if (this.#asked !== null) return this.#asked.promise;
    this.#asked = Promise.withResolvers<SupervisorReport | null>();
    const timer = setTimeout(() => this.answered(null), ANSWER_WAIT_MS);
    void this.#asked.promise.then(() => clearTimeout(timer));
    this.#tell({ type: 'supervisor-report-wanted' });
    return this.#asked.promise;
  }

  answered(report: SupervisorReport | null): void {
    this.#asked?.resolve(report);
    this.#asked = null;
  }
}
