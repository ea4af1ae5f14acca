import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { createLog } from './log.ts';
import { createLogWriter } from './log-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'vivarium-log-'));
after(() => rmSync(directory, { recursive: true }));

/** An error log that remembers the codes of its messages. */
function recorder(): { log: ReturnType<typeof createLog>; messages: string[] } {
  const messages: string[] = [];
  return {
    log: createLog('test', 'debug', (line) => messages.push(line.replace(/^.*\[test\] /, '').trim())),
    messages,
  };
}

async function content(path: string, expected: string): Promise<void> {
  while (!existsSync(path) || readFileSync(path, 'utf8') !== expected) await nextTurn();
}

test('lines are appended, soon after and at the latest on close', { timeout: 20_000 }, async () => {
  const path = join(directory, 'append');
  const { log, messages } = recorder();
  for (const part of ['one\n', 'zwei ü\n']) {
    const writer = createLogWriter({ path }, log);
    writer.write(part);
    await writer.close();
  }
  await content(path, 'one\nzwei ü\n');
  const writer = createLogWriter({ path }, log);
  writer.write('three\n');
  await content(path, 'one\nzwei ü\nthree\n');
  await writer.close();
  assert.deepEqual(messages, []);
});

test('many lines keep their order and none is lost', async () => {
  const path = join(directory, 'many');
  const { log } = recorder();
  const writer = createLogWriter({ path }, log);
  const lines: string[] = [];
  for (let i = 0; i < 20_000; i++) {
    const line = `line ${i}\n`;
    lines.push(line);
    writer.write(line);
    if (i % 1000 === 0) await nextTurn();
  }
  await writer.close();
  assert.ok(readFileSync(path, 'utf8') === lines.join(''));
});

test('a renamed file is left for a new one of the old name', async () => {
  const path = join(directory, 'rotate');
  const writer = createLogWriter({ path }, recorder().log);
  const before = `${'b'.repeat(70_000)}\n`;
  writer.write(before);
  renameSync(path, `${path}.1`);
  writer.write('between\n');
  writer.reopen();
  writer.write('after\n');
  await writer.close();
  assert.ok(readFileSync(`${path}.1`, 'utf8') === before, 'what was on its way stays whole');
  assert.equal(readFileSync(path, 'utf8'), 'between\nafter\n');
});

test('a file that cannot be reopened goes on', async () => {
  const folder = mkdtempSync(join(directory, 'gone-'));
  const { log, messages } = recorder();
  const writer = createLogWriter({ path: join(folder, 'log') }, log);
  renameSync(folder, `${folder}.away`);
  writer.reopen();
  writer.write('still here\n');
  await writer.close();
  assert.equal(readFileSync(join(`${folder}.away`, 'log'), 'utf8'), 'still here\n');
  assert.match(messages[0]!, /^log-reopen-failed: ENOENT/);
});

test('a file that cannot be opened is told at once', () => {
  assert.throws(() => createLogWriter({ path: join(directory, 'no/such/log') }, recorder().log), /ENOENT/);
});

const linux = { skip: process.platform !== 'linux' && 'needs /dev/full and /proc', timeout: 20_000 };

test('a full disk loses lines, is told once, and holds nobody up', linux, async () => {
  const { log, messages } = recorder();
  const writer = createLogWriter({ path: '/dev/full' }, log);
  for (let i = 0; i < 3; i++) {
    writer.write(`${'x'.repeat(70_000)}\n`);
    await nextTurn();
  }
  await writer.close();
  assert.match(messages[0]!, /^log-write-failed: \/dev\/full: ENOSPC/);
  assert.deepEqual(messages.slice(1), ['log-lines-lost: /dev/full: 3 lines were lost']);
});

function fifo(name: string): { reader: number; writer: number } {
  const path = join(directory, name);
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return { reader, writer: openSync(path, 'w') };
}

function readAll(fd: number): string {
  const bytes = Buffer.alloc(1024 * 1024);
  try {
    return bytes.toString('utf8', 0, readSync(fd, bytes));
  } catch {
    return ''; // EAGAIN: nothing there.
  }
}

test('a closed pipe loses lines and nothing else', linux, async () => {
  const { reader, writer: fd } = fifo('closed');
  closeSync(reader);
  const { log, messages } = recorder();
  const writer = createLogWriter({ fd }, log);
  writer.write('to nobody\n');
  await writer.close();
  assert.match(messages[0]!, /EPIPE/);
  closeSync(fd);
});

test(
  'a reader that sleeps gets what came before, misses lines, and gets whole ones when it wakes',
  linux,
  async () => {
    const { reader, writer: fd } = fifo('asleep');
    const { log, messages } = recorder();
    const writer = createLogWriter({ fd }, log);
    const line = `${'z'.repeat(999)}\n`;
    for (let i = 0; i < 6000; i++) writer.write(line);
    assert.equal(messages.length, 1);
    assert.match(
      messages[0]!,
      /^log-write-failed: descriptor \d+: it does not take lines as fast as they come/,
    );

    let received = '';
    while (messages.length < 2) {
      received += readAll(reader);
      await nextTurn();
    }
    const lost = Number(/^log-lines-lost: .*: (\d+) lines/.exec(messages[1]!)![1]);
    let isClosed = false;
    const closing = writer.close().then(() => {
      isClosed = true;
    });
    while (!isClosed) {
      received += readAll(reader);
      await nextTurn();
    }
    await closing;
    received += readAll(reader);
    assert.equal(received.length, (6000 - lost) * line.length);
    assert.ok(received === line.repeat(6000 - lost));
    closeSync(fd);
    closeSync(reader);
  },
);

test('a pipe that nobody empties does not hold up the end', linux, async () => {
  const { reader, writer: fd } = fifo('stuck');
  const { log, messages } = recorder();
  const writer = createLogWriter({ fd }, log);
  writer.write(`${'z'.repeat(200_000)}\n`);
  await writer.close();
  assert.match(messages[0]!, /^log-write-failed: .*EAGAIN/);
  closeSync(fd);
  closeSync(reader);
});
