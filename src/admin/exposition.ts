/**
 * Metrics as text, in the two formats that Prometheus and its relatives read: OpenMetrics 1.0 and Prometheus text 0.0.4.
 * They differ in the names of counters, in what is escaped, and in a few lines.
 */

export type Labels = Readonly<Record<string, string>>;

export interface HistogramValue {
  /** Upper bounds, ascending. */
  readonly bounds: readonly number[];
  /** In each bucket, not cumulative; one more than bounds. */
  readonly counts: ArrayLike<number>;
  readonly sum: number;
}

export interface Sample {
  readonly labels: Labels;
  readonly value: number | HistogramValue;
}

/** All that is known of one metric. */
export interface Family {
  /** A counter's without `_total`. */
  readonly name: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly samples: readonly Sample[];
}

export type Format = 'openmetrics' | 'prometheus';

export const CONTENT_TYPES: Readonly<Record<Format, string>> = {
  openmetrics: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  prometheus: 'text/plain; version=0.0.4; charset=utf-8',
};

/** UTF-8 when it is sent. */
export function expose(families: readonly Family[], format: Format): string {
  let text = '';
  for (const family of families) text += exposeFamily(family, format);
  return format === 'openmetrics' ? `${text}# EOF\n` : text;
}

function exposeFamily({ name, type, help, samples }: Family, format: Format): string {
  const isOpen = format === 'openmetrics';
  const total = type === 'counter' ? `${name}_total` : name;
  const declared = isOpen ? name : total;
  let text = `# HELP ${declared} ${isOpen ? escapeLabel(help) : escapeHelp(help)}\n# TYPE ${declared} ${type}\n`;
  const unit = isOpen ? unitOf(name) : null;
  if (unit !== null) text += `# UNIT ${declared} ${unit}\n`;
  for (const { labels, value } of samples) {
    const pairs = labelPairs(labels);
    text +=
      typeof value === 'number'
        ? `${total}${braces(pairs)} ${formatNumber(value)}\n`
        : exposeHistogram(name, pairs, value);
  }
  return text;
}

function exposeHistogram(name: string, pairs: string, { bounds, counts, sum }: HistogramValue): string {
  const before = pairs === '' ? '' : `${pairs},`;
  let text = '';
  let total = 0;
  for (let i = 0; i <= bounds.length; i++) {
    total += counts[i]!;
    const bound = i < bounds.length ? formatBound(bounds[i]!) : '+Inf';
    text += `${name}_bucket{${before}le="${bound}"} ${formatNumber(total)}\n`;
  }
  return `${text}${name}_count${braces(pairs)} ${formatNumber(total)}\n${name}_sum${braces(pairs)} ${formatNumber(sum)}\n`;
}

/** OpenMetrics has the unit in the name, as its last word. */
function unitOf(name: string): string | null {
  return /_(seconds|bytes)$/.exec(name)?.[1] ?? null;
}

function labelPairs(labels: Labels): string {
  return Object.entries(labels)
    .map(([name, value]) => `${name}="${escapeLabel(value)}"`)
    .join(',');
}

function braces(pairs: string): string {
  return pairs === '' ? '' : `{${pairs}}`;
}

function escapeLabel(text: string): string {
  return escapeHelp(text).replaceAll('"', '\\"');
}

function escapeHelp(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}

function formatNumber(value: number): string {
  return Number.isFinite(value) ? String(value) : value > 0 ? '+Inf' : value < 0 ? '-Inf' : 'NaN';
}

/** Bounds are texts to be compared, and 1 is always written 1.0 (OpenMetrics, "Considerations: Canonical Numbers"). */
function formatBound(bound: number): string {
  const text = String(bound);
  if (/^-?\d+$/.test(text)) return `${text}.0`;
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}
