/**
 * Metrics of an application as a worker sends them (`metrics`, JSON): each sample with the value it has had since the
 * worker was started, not what was added. A message brings those that have changed; a new gateway is sent them all.
 *
 *   {"metrics": [{"name", "type": "counter" | "gauge" | "histogram", "help", "labels": ["method", …],
 *                 "aggregate": "sum" | "min" | "max", "buckets": [0.1, 1, …] | null,
 *                 "samples": [[["GET", …], number | [sum, [observations per bucket, the last above them all]]], …]}]}
 *
 * The name of a counter is without `_total`. What python/vivarium/metrics.py refuses is refused here, too.
 */

export type MetricType = 'counter' | 'gauge' | 'histogram';
export type Aggregate = 'sum' | 'min' | 'max';

/** What a metric is, however many workers have it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: MetricType;
  readonly help: string;
  /** Names of the labels. */
  readonly labels: readonly string[];
  /** How the values of several workers become one; `sum` unless it is a gauge. */
  readonly aggregate: Aggregate;
  /** Upper bounds, ascending, without the infinite one; null unless it is a histogram. */
  readonly buckets: readonly number[] | null;
}

export interface HistogramValue {
  readonly sum: number;
  /** Observations in each bucket, not cumulative; the last one is of those above all bounds. */
  readonly counts: readonly number[];
}

export interface MetricSample {
  /** In the order of the definition's labels. */
  readonly labels: readonly string[];
  readonly value: number | HistogramValue;
}

export interface MetricUpdate {
  readonly definition: MetricDefinition;
  readonly samples: readonly MetricSample[];
}

/** Of one worker. */
export const METRICS_MAX = 500;
export const SAMPLES_MAX = 10_000;

const LABELS_MAX = 16;
const BUCKETS_MAX = 64;
const NAME_MAX = 200;
/** A worker counts code points, and cuts at half of this. */
const TEXT_MAX = 2_048;

const NAME = /^[a-zA-Z_][a-zA-Z0-9_]*$/;
/** Made from names by the exposition format, or used by the server itself. */
const RESERVED_NAME = /_(total|created|bucket|count|sum|info)$|^vivarium_/;
const RESERVED_LABEL = /^(__.*|le|quantile|application|worker)$/;

/** What a message says; null when it is malformed. */
export function decodeMetrics(message: Record<string, unknown>): readonly MetricUpdate[] | null {
  return listOf(message.metrics, METRICS_MAX, decodeUpdate);
}

function decodeUpdate(found: unknown): MetricUpdate | null {
  if (typeof found !== 'object' || found === null) return null;
  const definition = decodeDefinition(found as Record<string, unknown>);
  if (definition === null) return null;
  const samples = listOf((found as Record<string, unknown>).samples, SAMPLES_MAX, (sample) =>
    decodeSample(sample, definition),
  );
  return samples === null ? null : { definition, samples };
}

function decodeDefinition(found: Record<string, unknown>): MetricDefinition | null {
  const { name, type, help, aggregate } = found;
  if (!isName(name) || RESERVED_NAME.test(name)) return null;
  if (type !== 'counter' && type !== 'gauge' && type !== 'histogram') return null;
  if (!isText(help)) return null;
  if (aggregate !== 'sum' && (type !== 'gauge' || (aggregate !== 'min' && aggregate !== 'max'))) return null;
  const labels = listOf(found.labels, LABELS_MAX, decodeLabelName);
  if (labels === null || new Set(labels).size !== labels.length) return null;
  const buckets = type === 'histogram' ? listOf(found.buckets, BUCKETS_MAX, decodeNumber) : null;
  if (type === 'histogram' ? buckets === null || !isAscending(buckets) : found.buckets !== null) return null;
  return { name, type, help, labels, aggregate, buckets };
}

function decodeSample(found: unknown, { labels, type, buckets }: MetricDefinition): MetricSample | null {
  if (!Array.isArray(found) || found.length !== 2) return null;
  const texts = listOf(found[0], LABELS_MAX, (text) => (isText(text) ? text : null));
  if (texts === null || texts.length !== labels.length) return null;
  const value =
    buckets === null ? decodeNumber(found[1], type === 'counter') : decodeHistogram(found[1], buckets.length);
  return value === null ? null : { labels: texts, value };
}

function decodeHistogram(found: unknown, bounds: number): HistogramValue | null {
  if (!Array.isArray(found) || found.length !== 2) return null;
  const sum = decodeNumber(found[0]);
  const counts = listOf(found[1], BUCKETS_MAX + 1, (count) =>
    Number.isSafeInteger(count) ? decodeNumber(count, true) : null,
  );
  return sum === null || counts === null || counts.length !== bounds + 1 ? null : { sum, counts };
}

function decodeNumber(found: unknown, mustBePositive = false): number | null {
  if (typeof found !== 'number' || !Number.isFinite(found)) return null;
  return mustBePositive && found < 0 ? null : found;
}

function decodeLabelName(found: unknown): string | null {
  return isName(found) && !RESERVED_LABEL.test(found) ? found : null;
}

function isName(found: unknown): found is string {
  return typeof found === 'string' && found.length <= NAME_MAX && NAME.test(found);
}

function isText(found: unknown): found is string {
  return typeof found === 'string' && found.length <= TEXT_MAX;
}

function isAscending(numbers: readonly number[]): boolean {
  return numbers.every((number, i) => i === 0 || number > numbers[i - 1]!);
}

/** A list with at most `max` items, all of which `decode` takes; null otherwise. */
function listOf<T>(found: unknown, max: number, decode: (item: unknown) => T | null): T[] | null {
  if (!Array.isArray(found) || found.length > max) return null;
  const items: T[] = [];
  for (const one of found) {
    const item = decode(one);
    if (item === null) return null;
    items.push(item);
  }
  return items;
}
