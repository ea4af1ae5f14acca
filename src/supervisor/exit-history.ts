/** The last processes that ended and why, for `vivarium status`; the log has them all. */
import type { ProcessExit } from '../control/protocol.ts';

const KEPT_MAX = 10;

export class ExitHistory {
  #newest: readonly ProcessExit[] = [];
  #unexpected = { workers: 0, gateways: 0 };

  /** The newest first. */
  get newest(): readonly ProcessExit[] {
    return this.#newest;
  }

  /** Processes that ended unasked. */
  get restarts(): { readonly workers: number; readonly gateways: number } {
    return this.#unexpected;
  }

  add(kind: 'workers' | 'gateways', exit: Omit<ProcessExit, 'at'>): void {
    if (!exit.wasExpected) this.#unexpected[kind]++;
    this.#newest = [{ at: new Date().toISOString(), ...exit }, ...this.#newest].slice(0, KEPT_MAX);
  }
}
