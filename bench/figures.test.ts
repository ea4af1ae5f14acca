import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CASES } from './cases.ts';
import {
  type CaseFigures,
  failedFigure,
  findFigure,
  loadFigure,
  otherShareMax,
  ratio,
  spread,
} from './figures.ts';
import type { LoadSample } from './measure.ts';

const sample = (over: Partial<LoadSample> = {}): LoadSample => ({
  requests: 10_000,
  requestsPerSecond: 9_000,
  p50Ms: 1,
  p99Ms: 4,
  problems: [],
  cpuSeconds: 0.5,
  cpuSecondsByProcess: new Map([
    ['gateway', 0.3],
    ['worker', 0.2],
  ]),
  otherShare: 0.1,
  ...over,
});

const hello = (...figures: CaseFigures['figures']): CaseFigures[] => [{ test: CASES[0]!, figures }];

test('the spread is the median between the least and the greatest', () => {
  assert.deepEqual(spread([3, 1, 2]), { median: 2, min: 1, max: 3 });
  assert.deepEqual(spread([4, 1, 2, 9]), { median: 3, min: 1, max: 9 });
  fc.assert(
    fc.property(fc.array(fc.integer(), { minLength: 1 }), (values) => {
      const { median, min, max } = spread(values);
      assert.ok(min <= median && median <= max);
      const below = values.filter((value) => value < median).length;
      const above = values.filter((value) => value > median).length;
      assert.ok(below * 2 <= values.length && above * 2 <= values.length);
    }),
  );
});

test('requests are divided by the CPU time of the round they were answered in', () => {
  const figure = loadFigure('vivarium', [sample(), sample({ requests: 30_000 }), sample({ cpuSeconds: 1 })]);
  assert.deepEqual(figure.load?.requestsPerCpuSecond, { median: 20_000, min: 10_000, max: 60_000 });
  assert.deepEqual(figure.problems, []);
});

test('CPU time of a request is told by process', () => {
  const load = loadFigure('vivarium', [sample(), sample()]).load!;
  assert.equal(Math.round(load.cpuMicrosByProcess.get('gateway')!), 30);
  assert.equal(Math.round(load.cpuMicrosByProcess.get('worker')!), 20);
});

test('a problem in one round makes the figure of all rounds invalid', () => {
  const cases = hello(
    loadFigure('vivarium', [sample(), sample({ problems: ['Non-2xx or 3xx responses: 7'] })]),
  );
  assert.deepEqual(cases[0]!.figures[0]!.problems, ['Non-2xx or 3xx responses: 7']);
  assert.equal(findFigure(cases, 'hello', 'vivarium'), null);
});

test('a ratio needs two valid figures', () => {
  const ours = loadFigure('vivarium', [sample({ requests: 20_000 })]);
  const theirs = loadFigure('nginx + uWSGI', [sample()]);
  const of = (cases: CaseFigures[]) =>
    ratio(cases, 'hello', 'requestsPerCpuSecond', 'vivarium', 'nginx + uWSGI');
  assert.equal(of(hello(ours, theirs)), 2);
  assert.equal(of(hello(ours, failedFigure('nginx + uWSGI', 'did not start'))), null);
  assert.equal(of(hello(ours)), null);
});

test('the share of other programs is the worst of all rounds and stacks', () => {
  const quiet = loadFigure('vivarium', [sample()]);
  const disturbed = loadFigure('nginx + uWSGI', [sample(), sample({ otherShare: 0.4 })]);
  assert.equal(otherShareMax(hello(quiet, disturbed, failedFigure('waitress', 'did not start'))), 0.4);
});
