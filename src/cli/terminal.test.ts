import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTerminal, wrap } from './terminal.ts';

test('lines are broken between words only, and lose none', () => {
  const words = fc.array(fc.string({ unit: fc.constantFrom('a', 'b', '-'), minLength: 1, maxLength: 12 }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(words, fc.integer({ min: 1, max: 30 }), (list, width) => {
      const lines = wrap(list.join(' '), width);
      assert.equal(lines.join(' '), list.join(' '));
      for (const line of lines) assert.ok(line.length <= width || !line.includes(' '));
    }),
  );
});

test('colours need a terminal that has them and a person who wants them', () => {
  const terminal = { isTTY: true, columns: 90, write: () => true };
  assert.equal(createTerminal({}, terminal).hasColor, true);
  assert.equal(createTerminal({ NO_COLOR: '1' }, terminal).hasColor, false);
  assert.equal(createTerminal({ TERM: 'dumb' }, terminal).hasColor, false);
  assert.equal(createTerminal({}, { ...terminal, isTTY: false }).hasColor, false);
});

test('lines are as wide as the terminal, within reason', () => {
  const columns = (columns: number) => createTerminal({}, { columns, write: () => true }).columns;
  assert.deepEqual([columns(40), columns(90), columns(300)], [72, 90, 100]);
  assert.equal(createTerminal({}, { write: () => true }).columns, 100);
});
