import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseBusySeconds, parsePss, parseStat, processName, treeOf } from './proc.ts';

const stat = (pid: number, parentPid: number, name = 'server') =>
  `${pid} (${name}) S ${parentPid} 10 10 0 -1 4194560 500 600 0 0 120 30 40 10 20 0 9 0 777 10000 250 18446744073709551615 1\n`;

test('reads /proc/PID/stat, also where the name holds parentheses and spaces', () => {
  assert.deepEqual(parseStat(stat(12, 3, 'odd) S 1 (name')), {
    pid: 12,
    parentPid: 3,
    command: 'odd) S 1 (name',
    cpuSeconds: 2, // (120 + 30 + 40 + 10) ticks: its own time and that of children it has waited for
    startTicks: 777,
  });
});

test('finds everything below the roots and nothing beside them', () => {
  const all = [stat(5, 4), stat(4, 2), stat(2, 1), stat(3, 1), stat(6, 3), stat(1, 0)].map(parseStat);
  const tree = (...roots: number[]) => treeOf(roots, all).map((process) => process.pid);
  assert.deepEqual(tree(2), [2, 4, 5]);
  assert.deepEqual(tree(4, 3).toSorted(), [3, 4, 5, 6]);
  assert.deepEqual(tree(99), []);
});

test('reads the proportional set size', () => {
  const rollup =
    '55e8fb97f000-7ffdc78fd000 ---p 00000000 00:00 0 [rollup]\nRss: 1636 kB\nPss:                 363 kB\nPss_Dirty: 112 kB\n';
  assert.equal(parsePss(rollup), 363 * 1024);
  assert.equal(parsePss(''), 0);
});

test('reads how busy a core was, without idle and waiting', () => {
  const text = 'cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 100 10 50 9000 700 1 2 3 0 0\ncpu1 0 0 0 0 0 0 0 0 0 0\n';
  assert.equal(parseBusySeconds(text, 0), 1.66);
  assert.throws(() => parseBusySeconds(text, 7), /core 7/);
});

test('names a process by its title, its role or its program', () => {
  assert.equal(processName('nginx: worker process\0', 'nginx'), 'nginx: worker process');
  assert.equal(processName('gunicorn: worker [hello:application]', 'gunicorn'), 'gunicorn: worker');
  assert.equal(processName('/usr/bin/python3\0-m\0waitress\0', 'python3'), 'python3');
  assert.equal(
    processName('/usr/bin/node\0src/main.js\0vivarium-gateway\0', 'node-MainThread'),
    'vivarium-gateway',
  );
  assert.equal(
    processName('/usr/bin/node\0src/main.js\0serve\0/tmp/vivarium-x/a.py\0', 'node-MainThread'),
    'node',
  );
  assert.equal(processName('', 'uwsgi'), 'uwsgi');
});
