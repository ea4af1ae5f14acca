import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatProcessRange } from './format.ts';
import { parseProcessRange, processRange } from './process-range.ts';

test('a number, or the least and the most', () => {
  for (const [text, min, max] of [
    ['1', 1, 1],
    ['1024', 1024, 1024],
    ['1:8', 1, 8],
    ['0:1', 0, 1],
    ['0:1024', 0, 1024],
    ['4:4', 4, 4],
  ] as const) {
    assert.deepEqual(parseProcessRange(text), { min, max }, text);
  }
  assert.equal(formatProcessRange({ min: 4, max: 4 }), '4');
  assert.equal(formatProcessRange({ min: 0, max: 4 }), '0:4');
});

test('anything else is refused', () => {
  for (const text of [
    '',
    '0',
    '0:0',
    '8:1',
    '1025',
    '1:1025',
    '-1',
    '1.5',
    'x',
    '1:',
    ':4',
    '1:2:3',
    '1 : 4',
    '+1',
  ])
    assert.equal(parseProcessRange(text), null, text);
});

test('a file may have a number or a text', () => {
  assert.deepEqual(processRange.schema.parse(3), { min: 3, max: 3 });
  assert.deepEqual(processRange.schema.parse('2:3'), { min: 2, max: 3 });
  for (const value of [0, 1.5, '3', true, [1, 2]]) assert.ok(!processRange.schema.safeParse(value).success);
});
