import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_PROC } from '../../../test/support/processes.ts';
import { parseUsage, readProcessUsage } from './process-usage.ts';

const STATUS =
  'Name:\tpython3\nVmHWM:\t   20000 kB\nVmRSS:\t   12345 kB\nVmData:\t   23456 kB\nThreads:\t9\n';
const rest = '1 77 77 0 -1 4194304 1 2 3 4 150 50 7000 8000 20 0 9 0 12345 6789 321';

test('memory is in bytes and CPU time, of user and system together, in milliseconds', () => {
  assert.deepEqual(parseUsage(STATUS, `77 (python3) S ${rest}`), {
    residentBytes: 12_345 * 1024,
    dataBytes: 23_456 * 1024,
    cpuMs: 2000,
  });
});

test('a process may be called what it likes', () => {
  for (const name of ['a b', 'a) S 1 2 3', '(((', ') ) )']) {
    assert.equal(parseUsage(STATUS, `77 (${name}) S ${rest}`)?.cpuMs, 2000, name);
  }
});

test('a process that has ended, or is not as expected, uses nothing that is known', () => {
  assert.equal(parseUsage('Name:\tpython3\nState:\tZ (zombie)\n', `77 (python3) Z ${rest}`), null);
  assert.equal(parseUsage(STATUS, '77 (python3) S 1'), null);
  assert.equal(readProcessUsage(0), null);
});

test('agrees with what a process says of itself', { skip: NO_PROC }, () => {
  const before = process.cpuUsage();
  const usage = readProcessUsage(process.pid)!;
  const after = process.cpuUsage();
  const residentBytes = process.memoryUsage.rss();
  assert.ok(Math.abs(usage.residentBytes - residentBytes) < residentBytes / 4, `${usage.residentBytes}`);
  // User and system time are each rounded down.
  assert.ok(usage.cpuMs >= (before.user + before.system) / 1000 - 40, `${usage.cpuMs}`);
  assert.ok(usage.cpuMs <= (after.user + after.system) / 1000 + 40, `${usage.cpuMs}`);
});
