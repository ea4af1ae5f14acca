/**
 * What the application counts, from all its workers: the living ones as they have said last, and what those that have
 * ended have counted, so that a counter does not fall when a worker is replaced.
 */
import type { WorkerMetric } from '../apps/worker-metrics.ts';
import type { Log } from '../telemetry/log.ts';
import type { Family } from './exposition.ts';
import { MetricSums, SUMS_MAX, type SumProblems } from './metric-sums.ts';

export interface MeasuredWorker {
  readonly identity: { readonly worker: number };
  readonly metrics: { readonly all: ReadonlyMap<string, WorkerMetric> };
}

/** What a worker has sent last may be read after it has ended. */
const LAST_WORDS_MS = 2_000;

export class ApplicationMetrics {
  readonly #log: Log;
  readonly #now: () => number;
  /** Of workers that have ended: counters and histograms. */
  readonly #ended: MetricSums;
  /** They have ended a moment ago. */
  #leaving: { readonly worker: MeasuredWorker; readonly atMs: number }[] = [];
  /** By name: the newest worker that disagreed with another. */
  readonly #conflicts = new Map<string, number>();
  #isFull = false;

  constructor(log: Log, now = () => performance.now()) {
    this.#log = log;
    this.#now = now;
    this.#ended = new MetricSums(this.#problems);
  }

  workerEnded(worker: MeasuredWorker): void {
    this.#settle();
    this.#leaving.push({ worker, atMs: this.#now() });
  }

  families(living: Iterable<MeasuredWorker>): Family[] {
    this.#settle();
    const sums = new MetricSums(this.#problems);
    for (const worker of living) addTo(sums, worker, true);
    for (const { worker } of this.#leaving) addTo(sums, worker, false);
    sums.addAll(this.#ended);
    return sums.families;
  }

  #settle(): void {
    const latest = this.#now() - LAST_WORDS_MS;
    while (this.#leaving.length > 0 && this.#leaving[0]!.atMs < latest)
      addTo(this.#ended, this.#leaving.shift()!.worker, false);
  }

  /** Each is said once, and again when a newer worker brings it up again. */
  readonly #problems: SumProblems = {
    conflict: (name, newer, older) => {
      if (newer <= (this.#conflicts.get(name) ?? 0)) return;
      this.#conflicts.set(name, newer);
      const other = `worker ${newer} has another kind, other labels or buckets than worker ${older}`;
      this.#log.warn('metric-conflict', `${name}: ${other}. Only the newer one counts`);
    },
    full: (name) => {
      if (this.#isFull) return;
      this.#isFull = true;
      const limit = `the application has more than ${SUMS_MAX} different sets of labels`;
      this.#log.warn('metric-limit', `${name}: ${limit}. Those that come later are left out`);
    },
  };
}

function addTo(sums: MetricSums, { identity, metrics }: MeasuredWorker, isLiving: boolean): void {
  for (const metric of metrics.all.values()) {
    // A gauge is what is now.
    if (isLiving || metric.definition.type !== 'gauge') sums.add(identity.worker, metric);
  }
}
