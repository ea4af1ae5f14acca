import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CASES } from './cases.ts';
import { formatNumber } from './chart.ts';
import type { Figure } from './figures.ts';
import { STACKS } from './peers/all.ts';
import { chartOf, type Run, writeReport } from './report.ts';
import { setupOf } from './setup.ts';
import { caseTable, markdownTable, printTable } from './tables.ts';

function figure(stack: string, requestsPerSecond: number, problems: readonly string[] = []): Figure {
  const spread = { median: requestsPerSecond, min: requestsPerSecond - 10, max: requestsPerSecond + 10 };
  const load = {
    requestsPerCpuSecond: spread,
    requestsPerSecond: spread,
    p50Ms: 0.5,
    p99Ms: 12.34,
    cpuMicrosByProcess: new Map([
      ['worker', 4],
      ['gateway', 6.5],
      ['supervisor', 0.001],
    ]),
    otherShareMax: 0.02,
  };
  return { stack, problems, load, idle: null };
}

const hello = {
  test: CASES[0]!,
  figures: [
    figure('vivarium', 80_000),
    figure('nginx + uWSGI', 40_000),
    figure('waitress', 90_000, ['Non-2xx or 3xx responses: 7']),
  ],
};

const run: Run = {
  date: '2026-01-31',
  minutes: 11,
  command: 'npm run bench',
  rounds: 4,
  seconds: 1,
  warmUpSeconds: 2,
  machine: [['Processor', 'a processor']],
  setups: [
    {
      stack: 'nginx',
      version: '1.22.1',
      launch: { commands: [['nginx', '-c', 'x']], files: { x: 'daemon off;\n' } },
    },
  ],
  skipped: [{ stack: 'bjoern', reason: 'no compiler' }],
  cases: [hello],
  notes: '',
};

test('numbers show three digits that count', () => {
  assert.deepEqual([123_456, 42, 1.234].map(formatNumber), ['123,456', '42.0', '1.23']);
});

test('a table gives each stack its figures and its ratio, and no number to an invalid one', () => {
  const [, ours, theirs, invalid] = caseTable(hello);
  assert.deepEqual(ours, ['vivarium', '80,000', '79,990 – 80,010', '80,000', '0.50', '12.3', '']);
  assert.deepEqual(theirs!.at(-1), '2.00 ×');
  assert.deepEqual(invalid, ['waitress', 'invalid: Non-2xx or 3xx responses: 7', '', '', '', '', '']);
});

test('tables have the same cells in the terminal and on the page', () => {
  const table = [
    ['stack', 'figure'],
    ['a', '1'],
    ['longer', '12'],
  ];
  assert.equal(printTable(table), 'stack   figure\na            1\nlonger      12\n');
  assert.equal(markdownTable(table), '| stack | figure |\n| --- | ---: |\n| a | 1 |\n| longer | 12 |\n');
});

test('the page holds verdicts, figures, what was skipped, and how to measure again', () => {
  const page = writeReport(run);
  for (const expected of [
    '| Hello world, against nginx + uWSGI | ≥ 1.8 × (aim ≥ 2.2 ×) | 2.00 × | reached |',
    '| Hello world, against gunicorn sync | ≥ 6 × |  | not measured |',
    '![',
    '- vivarium: gateway 6.50 µs, worker 4.00 µs\n',
    '- bjoern: skipped, no compiler',
    '`npm run bench` on 2026-01-31, 11 minutes: 4 rounds of 1 s after 2 s to warm up.',
    'Other programs had at most 2 % of the servers’ core.'.replace('’', "'"),
    '| nginx | 1.22.1 |',
    '# x\ndaemon off;',
  ]) {
    assert.ok(page.includes(expected), `${expected}\nis not in\n${page}`);
  }
  assert.ok(!page.includes('undefined') && !page.includes('NaN'));
});

test('the chart has one bar for each valid figure, the longest first', () => {
  const chart = chartOf([hello]);
  const bars = [...chart.matchAll(/class="(ours|peer)" x="\d+" y="\d+" width="([\d.]+)"/g)];
  assert.deepEqual(
    bars.map(([, name]) => name),
    ['ours', 'peer'],
  );
  assert.equal(Number(bars[0]![2]), Number(bars[1]![2]) * 2);
  assert.ok(!chart.includes('waitress'));
});

test('commands on the page show no directory of the machine they were measured on', () => {
  for (const stack of STACKS) {
    const text = JSON.stringify(setupOf({ ...stack, version: () => '1.0' }));
    assert.ok(!text.includes(process.cwd()), text);
    assert.ok(text.includes('8000'), text);
  }
});
