import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { createLog } from '../../telemetry/log.ts';
import { CommandOutput } from './command-output.ts';

function create() {
  const lines: string[] = [];
  const log = createLog('shop worker 1 (7)', 'info', (line) =>
    lines.push(line.slice('2026-11-21 06:38:39.164 '.length)),
  );
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const output = new CommandOutput(stdout, stderr, log);
  const end = async () => {
    stdout.end();
    stderr.end();
    await output.ended;
  };
  return { output, stdout, stderr, lines, end };
}

test('lines that come at once are one message', async () => {
  const { output, stdout, stderr, lines, end } = create();
  stderr.write('Traceback:\n  line 1\nValue');
  stdout.write('\n \nhello\n');
  await new Promise(setImmediate);
  stderr.write('Error: h\xe9\x1b[0m\n');
  await new Promise(setImmediate);
  assert.equal(output.lastWords, 'ValueError: h\xe9\x1b[0m');
  stdout.write('no end');
  await end();
  assert.deepEqual(lines.toSorted(), [
    '[error] [shop worker 1 (7)] stderr: Traceback:\n      line 1\n',
    '[error] [shop worker 1 (7)] stderr: ValueError: h\xe9\\x1b[0m\n',
    '[info] [shop worker 1 (7)] stdout: \n     \n    hello\n',
    '[info] [shop worker 1 (7)] stdout: no end\n',
  ]);
});

test('a line without an end does not grow', async () => {
  const { stdout, lines, end } = create();
  for (let i = 0; i < 10; i++) stdout.write('x'.repeat(4096));
  await end();
  assert.equal(lines.length, 5);
  for (const line of lines) assert.ok(line.length < 8300);
});
