import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerMetrics } from './worker-metrics.ts';

const gauge = (name: string, samples: unknown[], more: object = {}) => ({
  ...{ name, type: 'gauge', help: '', labels: ['a'], aggregate: 'sum', buckets: null, samples },
  ...more,
});

const many = (from: number, count: number) => Array.from({ length: count }, (_, i) => [[`${from + i}`], 1]);

function values(metrics: WorkerMetrics, name: string): Record<string, unknown> {
  const samples = [...metrics.all.get(name)!.samples.values()];
  return Object.fromEntries(samples.map(({ labels, value }) => [labels.join(), value]));
}

test('a sample replaces the one with the same labels, the others stay', () => {
  const metrics = new WorkerMetrics();
  assert.equal(metrics.accept({ metrics: [gauge('one', many(0, 2)), gauge('two', [])] }), true);
  assert.equal(metrics.accept({ metrics: [gauge('one', [[['1'], 7]])] }), true);
  assert.deepEqual(values(metrics, 'one'), { 0: 1, 1: 7 });
  assert.deepEqual(values(metrics, 'two'), {});
});

test('a message that is malformed or changes a definition is refused', () => {
  const metrics = new WorkerMetrics();
  assert.equal(metrics.accept({ metrics: 1 }), false);
  assert.equal(metrics.accept({ metrics: [gauge('one', [])] }), true);
  assert.equal(metrics.accept({ metrics: [gauge('one', [], { help: 'other' })] }), false);
});

test('the samples of a worker have a limit, in however many messages they come', () => {
  const metrics = new WorkerMetrics();
  assert.equal(metrics.accept({ metrics: [gauge('one', many(0, 9999))] }), true);
  assert.equal(metrics.accept({ metrics: [gauge('two', many(0, 1))] }), true);
  assert.equal(metrics.accept({ metrics: [gauge('two', many(0, 1))] }), true);
  assert.equal(metrics.accept({ metrics: [gauge('two', many(1, 1))] }), false);
});

test('so have its metrics', () => {
  const metrics = new WorkerMetrics();
  const named = Array.from({ length: 500 }, (_, i) => gauge(`metric_${i}`, []));
  assert.equal(metrics.accept({ metrics: named }), true);
  assert.equal(metrics.accept({ metrics: [gauge('more', [])] }), false);
});
