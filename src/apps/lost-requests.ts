/** Requests that ran in a worker when it was lost: logged with the cause of its death, as soon as that is known. */
import type { Log } from '../telemetry/log.ts';
import { type Assignment, describe } from './assignment.ts';
import type { Worker } from './worker.ts';

/** If the cause is not heard of, they are logged without it after this. */
const CAUSE_WAIT_MS = 2_000;
const CAUSE_UNKNOWN = 'has closed its connection';

export class LostRequests {
  readonly #log: Log;
  readonly #unexplained = new Map<Worker, string[]>();

  constructor(log: Log) {
    this.#log = log;
  }

  add(worker: Worker, assignment: Assignment): void {
    let requests = this.#unexplained.get(worker);
    if (requests === undefined) {
      requests = [];
      this.#unexplained.set(worker, requests);
      setTimeout(() => this.explain(worker, CAUSE_UNKNOWN), CAUSE_WAIT_MS).unref();
    }
    requests.push(describe(assignment));
  }

  /** Nobody waits for causes any more. */
  close(): void {
    for (const worker of [...this.#unexplained.keys()]) this.explain(worker, CAUSE_UNKNOWN);
  }

  explain(worker: Worker, cause: string): void {
    const requests = this.#unexplained.get(worker) ?? [];
    this.#unexplained.delete(worker);
    for (const request of requests)
      this.#log.error('request-lost', `${request}: ${worker.name}, which ran it, ${cause}`);
  }
}
