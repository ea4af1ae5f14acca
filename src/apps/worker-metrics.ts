/** The metrics that the application has in one worker, as it said last. Kept when the worker has ended. */
import {
  decodeMetrics,
  METRICS_MAX,
  type MetricDefinition,
  type MetricSample,
  SAMPLES_MAX,
} from '../protocols/worker/metrics.ts';

export interface WorkerMetric {
  readonly definition: MetricDefinition;
  /** By the JSON of their labels. */
  readonly samples: ReadonlyMap<string, MetricSample>;
}

interface Kept extends WorkerMetric {
  readonly samples: Map<string, MetricSample>;
}

export class WorkerMetrics {
  readonly #metrics = new Map<string, Kept>();
  #samples = 0;

  /** By name. */
  get all(): ReadonlyMap<string, WorkerMetric> {
    return this.#metrics;
  }

  /** Takes over what a message says. False when it is malformed, or when the worker has too many of them. */
  accept(message: Record<string, unknown>): boolean {
    const updates = decodeMetrics(message);
    if (updates === null) return false;
    for (const { definition, samples } of updates) {
      const kept = this.#metric(definition);
      if (kept === null) return false;
      for (const sample of samples) {
        const key = JSON.stringify(sample.labels);
        if (!kept.samples.has(key)) this.#samples++;
        kept.samples.set(key, sample);
      }
    }
    return this.#metrics.size <= METRICS_MAX && this.#samples <= SAMPLES_MAX;
  }

  /** A worker does not change a definition. */
  #metric(definition: MetricDefinition): Kept | null {
    const known = this.#metrics.get(definition.name);
    if (known !== undefined) return isSame(known.definition, definition) ? known : null;
    const kept = { definition, samples: new Map<string, MetricSample>() };
    this.#metrics.set(definition.name, kept);
    return kept;
  }
}

function isSame(a: MetricDefinition, b: MetricDefinition): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
