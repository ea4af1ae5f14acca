import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { findFramework } from '../../test/support/frameworks.ts';
import { parseOpenMetrics } from '../../test/support/openmetrics.ts';
import { expose, type Family } from './exposition.ts';

const FAMILIES: readonly Family[] = [
  {
    name: 'orders',
    type: 'counter',
    help: 'Orders, "all" of them\nby \\ kind',
    samples: [
      { labels: { kind: 'a "b"\n\\c', place: 'Köln ☃' }, value: 3 },
      { labels: {}, value: 1e21 },
    ],
  },
  { name: 'level', type: 'gauge', help: '', samples: [{ labels: {}, value: -0.25 }] },
  {
    name: 'wait_seconds',
    type: 'histogram',
    help: 'Waiting',
    samples: [
      { labels: { of: 'x' }, value: { bounds: [0.5, 1, 1e21], counts: [1, 0, 2, 4], sum: 7.5 } },
      { labels: { of: 'y' }, value: { bounds: [1e-7, 10], counts: [0, 0, 0], sum: 0 } },
    ],
  },
  { name: 'none_yet', type: 'counter', help: 'Nothing', samples: [] },
];

test('OpenMetrics', () => {
  assert.equal(
    expose(FAMILIES.slice(0, 3), 'openmetrics'),
    `# HELP orders Orders, \\"all\\" of them\\nby \\\\ kind
# TYPE orders counter
orders_total{kind="a \\"b\\"\\n\\\\c",place="Köln ☃"} 3
orders_total 1e+21
# HELP level 
# TYPE level gauge
level -0.25
# HELP wait_seconds Waiting
# TYPE wait_seconds histogram
# UNIT wait_seconds seconds
wait_seconds_bucket{of="x",le="0.5"} 1
wait_seconds_bucket{of="x",le="1.0"} 1
wait_seconds_bucket{of="x",le="1e+21"} 3
wait_seconds_bucket{of="x",le="+Inf"} 7
wait_seconds_count{of="x"} 7
wait_seconds_sum{of="x"} 7.5
wait_seconds_bucket{of="y",le="1e-07"} 0
wait_seconds_bucket{of="y",le="10.0"} 0
wait_seconds_bucket{of="y",le="+Inf"} 0
wait_seconds_count{of="y"} 0
wait_seconds_sum{of="y"} 0
# EOF
`,
  );
});

test('the text format of Prometheus', () => {
  assert.equal(
    expose(FAMILIES.slice(0, 2), 'prometheus'),
    `# HELP orders_total Orders, "all" of them\\nby \\\\ kind
# TYPE orders_total counter
orders_total{kind="a \\"b\\"\\n\\\\c",place="Köln ☃"} 3
orders_total 1e+21
# HELP level 
# TYPE level gauge
level -0.25
`,
  );
});

test('a strict reader takes it', () => {
  const families = parseOpenMetrics(expose(FAMILIES, 'openmetrics'));
  assert.deepEqual([...families.keys()], ['orders', 'level', 'wait_seconds', 'none_yet']);
  assert.equal(families.get('wait_seconds')!.samples.get('wait_seconds_bucket{of="x",le="+Inf"}'), 7);
});

const client = findFramework('prometheus_client');

for (const [format, parser] of [
  ['openmetrics', 'prometheus_client.openmetrics.parser'],
  ['prometheus', 'prometheus_client.parser'],
] as const) {
  test(`the parser of prometheus_client reads ${format}`, { skip: client.skip }, () => {
    const script = [
      'import json, sys',
      `from ${parser} import text_string_to_metric_families as parse`,
      'families = parse(sys.stdin.buffer.read().decode())',
      'print(json.dumps([[s.name, s.labels, s.value] for f in families for s in f.samples]))',
    ].join('\n');
    const input = expose(FAMILIES, format);
    const { stdout, stderr, status } = spawnSync(client.interpreter, ['-c', script], {
      input,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stderr);
    const samples: unknown[] = JSON.parse(stdout);
    assert.deepEqual(samples[0], ['orders_total', { kind: 'a "b"\n\\c', place: 'Köln ☃' }, 3]);
    assert.equal(samples.length, 2 + 1 + 11);
  });
}
