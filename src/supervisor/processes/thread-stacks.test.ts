/** What is shown of the threads of a worker that cannot be asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readThreads } from './native-threads.ts';
import { describeThreads, formatDump } from './thread-stacks.ts';

const DUMP = `Thread 0x00007f0294c226c0 (most recent call first):
  File "/opt/vivarium/python/vivarium/channel.py", line 181 in _receive
  File "/usr/lib/python3.13/threading.py", line 992 in run

Thread 0x00007f0594c226c0 (most recent call first):
  File "/srv/wsgi.py", line 4 in hold
  File "/srv/wsgi.py", line 7 in application
  File "/opt/vivarium/python/vivarium/wsgi.py", line 40 in run
  File "/usr/lib/python3.13/threading.py", line 992 in run

Current thread 0x00007f0295c6db80 (most recent call first):
  File "/opt/vivarium/python/vivarium/control.py", line 117 in _wait
  File "/opt/vivarium/python/__main__.py", line 13 in <module>
`;

test('threads that wait for work are left out, and how the others came to the application', () => {
  assert.equal(
    formatDump(DUMP),
    `
  Thread 0x00007f0594c226c0 (most recent call first):
    File "/srv/wsgi.py", line 4 in hold
    File "/srv/wsgi.py", line 7 in application`,
  );
});

test('nothing was written, or something else', () => {
  assert.equal(formatDump(''), '');
  assert.equal(formatDump('x\n'), '');
});

test('native threads: what each waits in, and which of them runs', () => {
  const thread = { name: 'python3', isRunning: false, waitsIn: '', cpuMs: 100 };
  const before = [7, 8, 9].map((id) => ({ ...thread, id }));
  const after = [
    { ...thread, id: 7, waitsIn: 'futex_do_wait' },
    { ...thread, id: 8, isRunning: true, cpuMs: 300 },
    { ...thread, id: 9 },
  ];
  assert.deepEqual(describeThreads(before, after).split('\n').slice(1), [
    '  native thread 7 (python3) waits in futex_do_wait, 0.1 s of CPU time',
    '  native thread 8 (python3) runs native code, 0.3 s of CPU time',
    '  native thread 9 (python3) waits, 0.1 s of CPU time',
  ]);
});

test('the threads of a process that is gone', () => {
  assert.deepEqual(readThreads(2 ** 30), []);
});

test('our own threads', { skip: process.platform !== 'linux' }, () => {
  const main = readThreads(process.pid).find(({ id }) => id === process.pid);
  assert.ok(main !== undefined && main.cpuMs > 0, JSON.stringify(main));
});
