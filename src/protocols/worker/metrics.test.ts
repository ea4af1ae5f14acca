import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMetrics } from './metrics.ts';

const COUNTER = {
  name: 'orders',
  type: 'counter',
  help: 'Orders taken.',
  labels: ['shop'],
  aggregate: 'sum',
  buckets: null,
  samples: [[['Köln'], 3]],
};
const HISTOGRAM = {
  ...COUNTER,
  name: 'payment_seconds',
  type: 'histogram',
  buckets: [0.1, 1],
  samples: [[['Köln'], [2.5, [4, 0, 1]]]],
};

const decode = (...metrics: unknown[]) => decodeMetrics({ metrics });

test('a counter, a gauge and a histogram', () => {
  const { samples, ...definition } = COUNTER;
  const gauge = { ...definition, name: 'open', type: 'gauge', aggregate: 'min', labels: [] };
  assert.deepEqual(decode(COUNTER, { ...gauge, samples: [[[], -0.5]] }, HISTOGRAM), [
    { definition, samples: [{ labels: ['Köln'], value: 3 }] },
    { definition: gauge, samples: [{ labels: [], value: -0.5 }] },
    {
      definition: { ...definition, name: 'payment_seconds', type: 'histogram', buckets: [0.1, 1] },
      samples: [{ labels: ['Köln'], value: { sum: 2.5, counts: [4, 0, 1] } }],
    },
  ]);
  assert.equal(samples.length, 1);
});

const MALFORMED: Record<string, unknown> = {
  'no object': 1,
  null: null,
  'no name': { ...COUNTER, name: undefined },
  'a name with a line end': { ...COUNTER, name: 'a\nb' },
  'a name with a colon': { ...COUNTER, name: 'a:b' },
  'a long name': { ...COUNTER, name: 'a'.repeat(201) },
  'the name of a sample': { ...COUNTER, name: 'orders_total' },
  'a name of the server': { ...COUNTER, name: 'vivarium_requests' },
  'an unknown type': { ...COUNTER, type: 'summary' },
  'no help': { ...COUNTER, help: null },
  'a long help': { ...COUNTER, help: 'x'.repeat(2049) },
  'an unknown aggregate': { ...COUNTER, aggregate: 'mean' },
  'a counter of which the largest counts': { ...COUNTER, aggregate: 'max' },
  'labels that are no list': { ...COUNTER, labels: 'shop' },
  'a label twice': { ...COUNTER, labels: ['a', 'a'], samples: [] },
  'a label of the server': { ...COUNTER, labels: ['application'] },
  'a label of the format': { ...COUNTER, labels: ['le'] },
  'a label with a quote': { ...COUNTER, labels: ['a"'] },
  'too many labels': { ...COUNTER, labels: Array.from({ length: 17 }, (_, i) => `a${i}`), samples: [] },
  'buckets of a counter': { ...COUNTER, buckets: [1] },
  'a histogram without buckets': { ...HISTOGRAM, buckets: null },
  'buckets in disorder': { ...HISTOGRAM, buckets: [1, 0.1] },
  'too many buckets': { ...HISTOGRAM, buckets: Array.from({ length: 65 }, (_, i) => i), samples: [] },
  'samples that are no list': { ...COUNTER, samples: {} },
  'a sample without a value': { ...COUNTER, samples: [[['a']]] },
  'a sample with too many labels': { ...COUNTER, samples: [[['a', 'b'], 1]] },
  'a label that is no text': { ...COUNTER, samples: [[[1], 1]] },
  'a long label': { ...COUNTER, samples: [[['x'.repeat(2049)], 1]] },
  'a value that is no number': { ...COUNTER, samples: [[['a'], '1']] },
  'a counter below zero': { ...COUNTER, samples: [[['a'], -1]] },
  'a counter with buckets': { ...COUNTER, samples: [[['a'], [1, [1, 1]]]] },
  'a histogram with a plain value': { ...HISTOGRAM, samples: [[['a'], 1]] },
  'a count missing': { ...HISTOGRAM, samples: [[['a'], [1, [1, 1]]]] },
  'half an observation': { ...HISTOGRAM, samples: [[['a'], [1, [0.5, 1, 1]]]] },
  'fewer than no observations': { ...HISTOGRAM, samples: [[['a'], [1, [-1, 1, 1]]]] },
};

for (const [name, metric] of Object.entries(MALFORMED)) {
  test(`malformed: ${name}`, () => assert.equal(decode(COUNTER, metric), null));
}

test('malformed: no list, and too long a list', () => {
  assert.equal(decodeMetrics({}), null);
  assert.equal(decodeMetrics({ metrics: new Array(501).fill(COUNTER) }), null);
});

test('whatever a worker sends is taken or refused, and never throws', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.jsonValue(),
      fc.constantFrom(...Object.keys(COUNTER)),
      (any, value, key) => {
        decodeMetrics({ metrics: any });
        const found = decode({ ...HISTOGRAM, [key]: value });
        assert.ok(found === null || found.length === 1);
      },
    ),
  );
});
