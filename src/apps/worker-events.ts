/** What a gateway passes on to the supervisor of its workers. */
import type { FailureReport } from '../development/failure-report.ts';
import type { Worker } from './worker.ts';

export interface WorkerEvents {
  ready(worker: Worker): void;
  failed(worker: Worker, traceback: string, report: FailureReport | null): void;
  stopping(worker: Worker): void;
  evicted(worker: Worker): void;
  drained(worker: Worker): void;
  /** A request in it does not end. `why` completes "worker 3 is replaced: …". */
  stuck(worker: Worker, why: string): void;
  /** Its interpreter does not run. `why` completes "worker 3 (pid 77) …". */
  deadlocked(worker: Worker, why: string): void;
  broken(worker: Worker, why: string): void;
  /** A request waits, and there is no worker. */
  deserted(): void;
}
