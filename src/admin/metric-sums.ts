/**
 * The metrics of an application, added up over its workers: counters and histograms by adding, gauges as the application
 * wants it. Workers may disagree about what a metric is, as while new code replaces old: then the newest worker is right,
 * and what the others have of that metric is left out.
 */
import type { WorkerMetric } from '../apps/worker-metrics.ts';
import type {
  Aggregate,
  HistogramValue,
  MetricDefinition,
  MetricSample,
} from '../protocols/worker/metrics.ts';
import type { Family } from './exposition.ts';

/** Sums that are kept: a label with too many values costs the application its sums, not us our memory. */
export const SUMS_MAX = 50_000;

interface HistogramSum extends HistogramValue {
  sum: number;
  readonly counts: number[];
}

interface Sum {
  readonly labels: readonly string[];
  value: number | HistogramSum;
}

interface Metric {
  definition: MetricDefinition;
  /** The number of the newest worker that has it. */
  worker: number;
  /** By the JSON of their labels. */
  readonly sums: Map<string, Sum>;
}

/** What could not be added. */
export interface SumProblems {
  /** `newer` and `older` are workers that do not agree what the metric is. */
  conflict(name: string, newer: number, older: number): void;
  full(name: string): void;
}

export class MetricSums {
  readonly #metrics = new Map<string, Metric>();
  readonly #problems: SumProblems;
  #count = 0;

  constructor(problems: SumProblems) {
    this.#problems = problems;
  }

  get families(): Family[] {
    return Array.from(this.#metrics.values(), familyOf);
  }

  add(worker: number, { definition, samples }: WorkerMetric): void {
    const metric = this.#metricFor(worker, definition);
    if (metric === null) return;
    for (const [key, sample] of samples) {
      const sum = metric.sums.get(key);
      if (sum !== undefined) sum.value = added(sum.value, sample.value, definition.aggregate);
      else if (this.#count < SUMS_MAX) this.#begin(metric, key, sample);
      else return this.#problems.full(definition.name);
    }
  }

  addAll(other: MetricSums): void {
    for (const { definition, worker, sums } of other.#metrics.values())
      this.add(worker, { definition, samples: sums });
  }

  #begin({ sums }: Metric, key: string, { labels, value }: MetricSample): void {
    this.#count++;
    sums.set(key, {
      labels,
      value: typeof value === 'number' ? value : { ...value, counts: [...value.counts] },
    });
  }

  #metricFor(worker: number, definition: MetricDefinition): Metric | null {
    const known = this.#metrics.get(definition.name);
    if (known !== undefined && !agree(known.definition, definition)) {
      const [newer, older] = [Math.max(worker, known.worker), Math.min(worker, known.worker)];
      this.#problems.conflict(definition.name, newer, older);
      if (worker <= known.worker) return null;
      this.#count -= known.sums.size;
      this.#metrics.delete(definition.name);
    } else if (known !== undefined) {
      if (worker > known.worker) Object.assign(known, { definition, worker });
      return known;
    }
    const metric = { definition, worker, sums: new Map<string, Sum>() };
    this.#metrics.set(definition.name, metric);
    return metric;
  }
}

/** The help may change without harm. */
function agree(a: MetricDefinition, b: MetricDefinition): boolean {
  return (
    a.type === b.type &&
    a.aggregate === b.aggregate &&
    String(a.labels) === String(b.labels) &&
    String(a.buckets) === String(b.buckets)
  );
}

function added(
  sum: number | HistogramSum,
  value: number | HistogramValue,
  aggregate: Aggregate,
): number | HistogramSum {
  if (typeof sum === 'number' || typeof value === 'number') {
    // Their definitions agree, so both are numbers.
    const [a, b] = [Number(sum), Number(value)];
    return aggregate === 'sum' ? a + b : aggregate === 'min' ? Math.min(a, b) : Math.max(a, b);
  }
  sum.sum += value.sum;
  for (let i = 0; i < sum.counts.length; i++) sum.counts[i]! += value.counts[i]!;
  return sum;
}

function familyOf({ definition, sums }: Metric): Family {
  const { name, type, help, labels: names, buckets } = definition;
  const samples = Array.from(sums.values(), ({ labels, value }) => ({
    labels: Object.fromEntries(names.map((label, i) => [label, labels[i]!])),
    value: typeof value === 'number' ? value : { ...value, bounds: buckets! },
  }));
  return { name, type, help, samples };
}
