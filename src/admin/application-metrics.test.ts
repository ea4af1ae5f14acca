import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WorkerMetrics } from '../apps/worker-metrics.ts';
import { createLog } from '../telemetry/log.ts';
import { ApplicationMetrics, type MeasuredWorker } from './application-metrics.ts';
import { SUMS_MAX } from './metric-sums.ts';

const COUNTER = {
  name: 'orders',
  type: 'counter',
  help: '',
  labels: ['kind'],
  aggregate: 'sum',
  buckets: null,
};
const GAUGE = { ...COUNTER, name: 'open', type: 'gauge' };
const HISTOGRAM = { ...COUNTER, name: 'wait', type: 'histogram', buckets: [1, 2] };

/** A worker that has sent these metrics. */
function worker(number: number, ...metrics: object[]): MeasuredWorker {
  const kept = new WorkerMetrics();
  assert.equal(kept.accept({ metrics }), true);
  return { identity: { worker: number }, metrics: kept };
}

class Surroundings {
  now = 0;
  readonly lines: string[] = [];
  readonly metrics: ApplicationMetrics;

  constructor() {
    const log = createLog('test', 'info', (line) => this.lines.push(line.replace(/^.*\[test\] /, '').trim()));
    this.metrics = new ApplicationMetrics(log, () => this.now);
  }

  /** Name and labels → value. */
  read(...living: MeasuredWorker[]): Record<string, unknown> {
    const families = this.metrics.families(living);
    return Object.fromEntries(
      families.flatMap(({ name, samples }) =>
        samples.map(({ labels, value }) => [[name, ...Object.values(labels)].join(' '), value]),
      ),
    );
  }
}

const of = (definition: object, ...samples: [string, unknown][]) => ({
  ...definition,
  samples: samples.map(([label, value]) => [[label], value]),
});

test('workers are added up, gauges as they say', () => {
  const at = new Surroundings();
  const gauges = (['sum', 'min', 'max'] as const).map((aggregate) => ({
    ...GAUGE,
    name: aggregate,
    aggregate,
  }));
  const [one, two] = [3, 5].map((value, i) =>
    worker(
      i,
      of(COUNTER, ['a', value]),
      ...gauges.map((gauge) => of(gauge, ['', value])),
      of(HISTOGRAM, ['', [value, [1, 0, value]]]),
    ),
  );
  const only = worker(3, of(COUNTER, ['b', 1]));
  assert.deepEqual(at.read(one!, two!, only), {
    'orders a': 8,
    'orders b': 1,
    'sum ': 8,
    'min ': 3,
    'max ': 5,
    'wait ': { bounds: [1, 2], counts: [2, 0, 8], sum: 8 },
  });
  // Nothing was changed by adding.
  assert.deepEqual(at.read(one!)['wait '], { bounds: [1, 2], counts: [1, 0, 3], sum: 3 });
});

test('counters and histograms do not fall when workers end, gauges are those of the living', () => {
  const at = new Surroundings();
  const metrics = [of(COUNTER, ['a', 3]), of(GAUGE, ['a', 7]), of(HISTOGRAM, ['', [1, [1, 0, 0]]])];
  const kept = { 'orders a': 3, 'wait ': { bounds: [1, 2], counts: [1, 0, 0], sum: 1 } };
  const gone = worker(1, ...metrics);
  assert.deepEqual(at.read(gone), { ...kept, 'open a': 7 });
  at.metrics.workerEnded(gone);
  assert.deepEqual(at.read(), kept);
  // What it has sent last is read after it has ended.
  (gone.metrics as WorkerMetrics).accept({ metrics: [of(COUNTER, ['a', 4])] });
  assert.deepEqual(at.read(), { ...kept, 'orders a': 4 });
  at.now = 60_000;
  for (let i = 0; i < 2; i++) assert.deepEqual(at.read(), { ...kept, 'orders a': 4 });
  assert.equal(at.read(worker(2, of(COUNTER, ['a', 1])))['orders a'], 5);
});

test('of two workers that disagree the newest is right, and the log says so once', () => {
  for (const order of [
    [4, 9],
    [9, 4],
  ]) {
    const at = new Surroundings();
    const workers = order.map((number) =>
      number === 9
        ? worker(9, of({ ...HISTOGRAM, name: 'orders' }, ['a', [1, [1, 0, 0]]]))
        : worker(4, of(COUNTER, ['a', 3])),
    );
    for (let i = 0; i < 2; i++)
      assert.deepEqual(at.read(...workers), { 'orders a': { bounds: [1, 2], counts: [1, 0, 0], sum: 1 } });
    assert.deepEqual(at.lines, [
      'metric-conflict: orders: worker 9 has another kind, other labels or buckets than worker 4. Only the newer one counts',
    ]);
  }
});

test('a new text of help is no disagreement', () => {
  const at = new Surroundings();
  const [old, young] = [
    worker(1, of(COUNTER, ['a', 3])),
    worker(2, of({ ...COUNTER, help: 'better' }, ['a', 1])),
  ];
  assert.equal(at.read(old, young)['orders a'], 4);
  assert.equal(at.metrics.families([young, old])[0]!.help, 'better');
  assert.deepEqual(at.lines, []);
});

test('there is a limit to the sums, and the log says so once', () => {
  const at = new Surroundings();
  const many = Array.from({ length: 6 }, (_, n) =>
    worker(n, of(COUNTER, ...Array.from({ length: 10_000 }, (_, i): [string, number] => [`${n} ${i}`, 1]))),
  );
  for (let i = 0; i < 2; i++) assert.equal(Object.keys(at.read(...many)).length, SUMS_MAX);
  assert.equal(at.lines.length, 1);
  assert.match(
    at.lines[0]!,
    /^metric-limit: orders: the application has more than 50000 different sets of labels/,
  );
});
