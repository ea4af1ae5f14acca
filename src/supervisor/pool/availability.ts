/** Whether the application can be loaded at all. While it cannot, the gateway refuses its requests. */
import type { Log } from '../../telemetry/log.ts';
import { LoadReport } from './load-report.ts';
import type { PoolEffects } from './pool-effects.ts';

export class Availability {
  readonly #effects: Pick<PoolEffects, 'tell' | 'settled'>;
  readonly #loadReport: LoadReport;
  #why: string | null = null;

  constructor(effects: Pick<PoolEffects, 'tell' | 'settled'>, log: Log) {
    this.#effects = effects;
    this.#loadReport = new LoadReport(log);
  }

  /** Why no worker could be started; null while there is one, or it loads for the first time. */
  get why(): string | null {
    return this.#why;
  }

  /** Returns the traceback in one line. */
  reportFailure(label: string, traceback: string): string {
    return this.#loadReport.write(label, traceback);
  }

  lose(why: string): void {
    this.#why = why;
    this.#effects.tell({ type: 'application-unavailable', why });
    this.#effects.settled();
  }

  /** A worker serves. The gateway knows, as it was told to give it requests. */
  regain(): void {
    this.forget();
    this.#loadReport.forget();
    this.#effects.settled();
  }

  /** Nobody tries to start a worker any more, until one is needed. */
  forget(): void {
    this.#why = null;
  }
}
