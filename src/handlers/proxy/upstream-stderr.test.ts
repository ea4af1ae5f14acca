import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UpstreamStderr } from './upstream-stderr.ts';

const LEFT_OUT = 'what else it says of this request is left out';

function output() {
  const told: string[] = [];
  const errors = new UpstreamStderr((text) => told.push(text));
  return { told, take: (text: string) => errors.take(Buffer.from(text)) };
}

test('what is said is told as it comes', () => {
  const { told, take } = output();
  for (const text of ['one', 'caf\u00e9', '']) take(text);
  assert.deepEqual(told, ['one', 'caf\u00e9']);
});

test('of a long text the beginning is told, and once that there was more', () => {
  const { told, take } = output();
  take('a'.repeat(20_000));
  for (let i = 0; i < 1000; i++) take('b');
  assert.deepEqual(told, ['a'.repeat(16_384), LEFT_OUT]);
});

test('many short texts come to an end, too', () => {
  const { told, take } = output();
  for (let i = 0; i < 100_000; i++) take('x');
  assert.equal(told.length, 129);
  assert.equal(told.at(-1), LEFT_OUT);
});

test('exactly as much as is allowed is told without a word about more', () => {
  const { told, take } = output();
  take('a'.repeat(16_384));
  take('');
  assert.equal(told.length, 1);
  take('b');
  assert.deepEqual(told.slice(1), [LEFT_OUT]);
});
