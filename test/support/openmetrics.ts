/**
 * A strict reader of OpenMetrics text, for tests: what the specification forbids breaks the test. Only what the server
 * uses is known: counters, gauges and histograms, without timestamps and exemplars.
 */
import assert from 'node:assert/strict';

export interface MetricFamily {
  readonly type: string;
  readonly help: string;
  /** By name and labels, as they stand in the text. */
  readonly samples: ReadonlyMap<string, number>;
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = '[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\\\\n]|\\\\["\\\\n])*"';
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`);
const NUMBER = /^(?:-?\d+(?:\.\d+)?(?:e[+-]?\d+)?|[+-]Inf|NaN)$/;
const SUFFIXES: Readonly<Record<string, readonly string[]>> = {
  counter: ['_total'],
  gauge: [''],
  histogram: ['_bucket', '_count', '_sum'],
};

export function parseOpenMetrics(text: string): Map<string, MetricFamily> {
  assert.ok(text.endsWith('\n# EOF\n'), 'the end is missing');
  const families = new Map<string, MetricFamily>();
  for (const block of text.slice(0, -'# EOF\n'.length).split(/^(?=# HELP )/m)) {
    const [name, family] = parseFamily(block.trimEnd().split('\n'));
    assert.ok(!families.has(name), `a second family ${name}`);
    families.set(name, family);
  }
  return families;
}

function parseFamily([helpLine, typeLine, ...rest]: string[]): [string, MetricFamily] {
  const [, name, help] = matchOf(new RegExp(`^# HELP (${NAME}) ((?:[^\\\\\\n"]|\\\\["\\\\n])*)$`), helpLine);
  const [, typed, type] = matchOf(/^# TYPE (\S+) (counter|gauge|histogram)$/, typeLine);
  assert.equal(typed, name);
  if (rest[0]?.startsWith('# UNIT')) {
    const [, named, unit] = matchOf(/^# UNIT (\S+) (\S+)$/, rest.shift());
    assert.ok(named === name && name!.endsWith(`_${unit}`), `the unit of ${name}`);
  }
  const samples = new Map<string, number>();
  for (const line of rest) {
    const [, sample, labels = '', value] = matchOf(SAMPLE, line);
    const suffix = sample!.slice(name!.length);
    assert.ok(sample!.startsWith(name!) && SUFFIXES[type!]!.includes(suffix), `${line} in ${name}`);
    assert.match(value!, NUMBER);
    const number = value!.endsWith('Inf') ? Number(`${value}inity`) : Number(value);
    if (type !== 'gauge' && suffix !== '_sum') assert.ok(number >= 0, line);
    const key = labels === '' ? sample! : `${sample}{${labels}}`;
    assert.ok(!samples.has(key), `a second ${key}`);
    samples.set(key, number);
  }
  if (type === 'histogram') checkBuckets(samples);
  return [name!, { type: type!, help: help!, samples }];
}

/** They are cumulative, in order, and the last one has all. */
function checkBuckets(samples: ReadonlyMap<string, number>): void {
  let [bound, count] = [Number.NEGATIVE_INFINITY, 0];
  for (const [key, value] of samples) {
    const le = /[{,]le="([^"]+)"\}$/.exec(key)?.[1];
    if (le === undefined) continue;
    assert.match(le, /^(\+Inf|-?\d+\.\d+(e[+-]\d+)?|-?\de[+-]\d+)$/, `a bound that is not canonical: ${key}`);
    const next = le === '+Inf' ? Number.POSITIVE_INFINITY : Number(le);
    assert.ok(next > bound && value >= count, key);
    [bound, count] = [next, value];
    if (le !== '+Inf') continue;
    const counted = samples.get(
      key
        .replace('_bucket{', '_count{')
        .replace(/,?le="\+Inf"\}/, '}')
        .replace('{}', ''),
    );
    assert.equal(counted, value, key);
    [bound, count] = [Number.NEGATIVE_INFINITY, 0];
  }
}

function matchOf(pattern: RegExp, line: string | undefined): RegExpExecArray {
  const match = pattern.exec(line ?? '');
  assert.ok(match, `${line} is not like ${pattern}`);
  return match;
}
