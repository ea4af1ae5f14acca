/** Asks the gateway what only it knows. Those who ask at the same time share the answer. */
import type { GatewayReport, ToGateway } from '../control/messages.ts';
import type { Clock } from './clock.ts';

/** A gateway that is so busy is of more interest than what it would say. */
const ANSWER_WAIT_MS = 2000;

export class GatewayReports {
  readonly #tell: (message: ToGateway) => void;
  readonly #clock: Clock;
  #asked: PromiseWithResolvers<GatewayReport | null> | null = null;

  constructor(tell: (message: ToGateway) => void, clock: Clock) {
    this.#tell = tell;
    this.#clock = clock;
  }

  /** Null when it does not answer in time. */
  ask(): Promise<GatewayReport | null> {
    if (this.#asked !== null) return this.#asked.promise;
    const asked = Promise.withResolvers<GatewayReport | null>();
    this.#asked = asked;
    this.#tell({ type: 'report' });
    const cancelWait = this.#clock.after(ANSWER_WAIT_MS, () => this.answered(null));
    void asked.promise.then(cancelWait);
    return asked.promise;
  }

  answered(report: GatewayReport | null): void {
    this.#asked?.resolve(report);
    this.#asked = null;
  }
}
