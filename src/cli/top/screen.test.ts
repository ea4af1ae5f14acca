import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { ReadStream, WriteStream } from 'node:tty';
import { openScreen } from './screen.ts';

class FakeInput extends EventEmitter {
  readonly isTTY: boolean;
  readonly modes: boolean[] = [];
  constructor(isTTY = true) {
    super();
    this.isTTY = isTTY;
  }
  setRawMode(mode: boolean): void {
    this.modes.push(mode);
  }
  setEncoding(): this {
    return this;
  }
  pause(): void {}
}

class FakeOutput extends EventEmitter {
  readonly isTTY: boolean;
  readonly rows = 5;
  readonly columns = 0;
  written = '';
  constructor(isTTY = true) {
    super();
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.written += text;
  }
}

function open(input: FakeInput, output: FakeOutput) {
  return openScreen(input as unknown as ReadStream, output as unknown as WriteStream);
}

test('without a terminal there is no screen', () => {
  for (const [input, output] of [
    [new FakeInput(false), new FakeOutput()],
    [new FakeInput(), new FakeOutput(false)],
  ] as const) {
    assert.equal(open(input, output), null);
    assert.deepEqual([input.modes, output.written], [[], '']);
  }
});

test('the terminal is given back as it was', () => {
  const [input, output] = [new FakeInput(), new FakeOutput()];
  const listeners = process.listenerCount('exit');
  const screen = open(input, output)!;
  assert.deepEqual(screen.size, { rows: 5, columns: 80 });
  screen.draw(['one', 'two']);
  assert.match(output.written, /\x1b\[\?1049h.*\x1b\[Hone.*\r\ntwo.*\x1b\[J$/s);
  const keys: string[] = [];
  let resized = 0;
  screen.onKey((key) => keys.push(key));
  screen.onResize(() => resized++);
  input.emit('data', 'q');
  output.emit('resize');
  assert.deepEqual([keys, resized], [['q'], 1]);
  screen.close();
  assert.ok(output.written.endsWith('\x1b[?7h\x1b[?25h\x1b[?1049l'));
  assert.deepEqual(input.modes, [true, false]);
  const { written } = output;
  screen.draw(['after']);
  screen.close();
  assert.equal(output.written, written);
  assert.equal(process.listenerCount('exit'), listeners);
});
