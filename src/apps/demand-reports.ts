/** Tells the supervisor how much there is to do, while it wants to know: see supervisor/pool/autoscaling.ts. */
import type { Demand } from '../control/messages.ts';

/** What an Application knows. */
interface Busy {
  /** Requests that wait for a thread, first come first. */
  readonly queue: readonly { readonly queuedAt: number }[];
  readonly workers: ReadonlyMap<number, BusyWorker>;
}

interface BusyWorker {
  readonly answeredTotal: number;
  readonly channels: readonly { readonly load: number }[];
}

const REPORT_MS = 200;

export class DemandReports {
  readonly #application: Busy;
  readonly #tell: (demand: Demand) => void;
  #timer: NodeJS.Timeout | null = null;
  #wasIdle = true;
  /** Requests answered by the workers of the last report. */
  #answered = 0;

  constructor(application: Busy, tell: (demand: Demand) => void) {
    this.#application = application;
    this.#tell = tell;
  }

  setWanted(isWanted: boolean): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = isWanted ? setInterval(() => this.report(), REPORT_MS).unref() : null;
  }

  /** At once, if it is wanted. */
  report(): void {
    if (this.#timer === null) return;
    const demand = this.#take();
    if (!demand.isIdle || !this.#wasIdle) this.#tell(demand);
    this.#wasIdle = demand.isIdle;
  }

  #take(): Demand {
    const { queue, workers } = this.#application;
    const answeredBefore = this.#answered;
    this.#answered = 0;
    let busyThreads = 0;
    for (const { answeredTotal, channels } of workers.values()) {
      this.#answered += answeredTotal;
      for (const { load } of channels) if (load > 0) busyThreads++;
    }
    const queued = queue.length;
    const waitMs = queued > 0 ? performance.now() - queue[0]!.queuedAt : 0;
    const isIdle = queued + busyThreads === 0 && this.#answered === answeredBefore;
    return { type: 'demand', waitMs, queued, busyThreads, isIdle };
  }
}
