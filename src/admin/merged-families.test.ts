import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createLog } from '../telemetry/log.ts';
import type { Family } from './exposition.ts';
import { MergedFamilies } from './merged-families.ts';

const orders = (type: Family['type'], labels = {}): Family[] => [
  { name: 'orders', type, help: 'Orders', samples: [{ labels, value: 1 }] },
];

test('a metric of two applications is one, and a label of the same name is kept', () => {
  const merged = new MergedFamilies(createLog('test', 'debug', (line) => assert.fail(line)));
  assert.deepEqual(
    merged.of([
      ['shop', orders('counter', { country: 'de' })],
      ['blog', orders('counter', { application: 'mine' })],
    ]),
    [
      {
        name: 'orders',
        type: 'counter',
        help: 'Orders',
        samples: [
          { labels: { application: 'shop', country: 'de' }, value: 1 },
          { labels: { application: 'blog', exported_application: 'mine' }, value: 1 },
        ],
      },
    ],
  );
});

test('where they do not agree, that of the first is shown, and it is said once', () => {
  const lines: string[] = [];
  const merged = new MergedFamilies(createLog('test', 'debug', (line) => lines.push(line)));
  for (let n = 0; n < 2; n++) {
    const [family, ...others] = merged.of([
      ['shop', orders('counter')],
      ['blog', orders('gauge')],
    ]);
    assert.deepEqual([family!.type, family!.samples.length, others.length], ['counter', 1, 0]);
  }
  assert.equal(lines.length, 1);
  assert.match(lines[0]!, /metric-conflict: orders: the applications shop and blog /);
});
