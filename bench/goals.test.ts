import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASES } from './cases.ts';
import { GOALS, verdict } from './goals.ts';
import { STACKS } from './peers/all.ts';

const higher = {
  title: '',
  unit: '×',
  required: 1.8,
  aim: 2.2,
  better: 'higher',
  measured: () => null,
} as const;
const lower = { title: '', unit: 'KB', required: 10, better: 'lower', measured: () => null } as const;

test('a verdict says reached, the aim, or by how much it was missed', () => {
  assert.equal(verdict(higher, 2.2), 'reached, and the aim');
  assert.equal(verdict(higher, 1.8), 'reached');
  assert.equal(verdict(higher, 1.35), 'missed by 25 %');
  assert.equal(verdict(lower, 10), 'reached');
  assert.equal(verdict(lower, 12), 'missed by 20 %');
  assert.equal(verdict(lower, null), 'not measured');
});

test('every goal finds its figures where every stack was measured in every case', () => {
  const spread = { median: 1, min: 1, max: 1 };
  const load = {
    requestsPerCpuSecond: spread,
    requestsPerSecond: spread,
    p50Ms: 1,
    p99Ms: 1,
    cpuMicrosByProcess: new Map(),
    otherShareMax: 0,
  };
  const idle = { pssBytes: 1, bytesPerConnection: 1 };
  const cases = CASES.map((each) => ({
    test: each,
    figures: STACKS.filter((stack) => stack.serves(each)).map(({ name }) =>
      each.kind === 'idle'
        ? { stack: name, problems: [], load: null, idle }
        : { stack: name, problems: [], load, idle: null },
    ),
  }));
  for (const goal of GOALS) assert.notEqual(goal.measured(cases), null, goal.title);
  for (const goal of GOALS) assert.equal(goal.measured([]), null, goal.title);
});
