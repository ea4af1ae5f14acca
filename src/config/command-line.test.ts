import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { commandLine, splitWords } from './command-line.ts';

test('a text is split as a shell splits it', () => {
  assert.deepEqual(splitWords('gunicorn  --bind fd://{fd}\tshop:app '), [
    'gunicorn',
    '--bind',
    'fd://{fd}',
    'shop:app',
  ]);
  assert.deepEqual(splitWords(`a 'b c' "d \\" e"'f' g\\ h '' \\''`.slice(0, -1)), [
    'a',
    'b c',
    'd " ef',
    'g h',
    '',
    "'",
  ]);
  assert.deepEqual(splitWords('"\\n$HOME" *'), ['\\n$HOME', '*']);
  assert.deepEqual(splitWords('   '), []);
});

test('a quote that is not closed is no command', () => {
  for (const line of ['a "b', "a 'b", 'a \\', '"a\\"']) assert.equal(splitWords(line), null, line);
});

test('what is shown of a command is the command', () => {
  const words = fc.array(fc.string({ unit: 'binary-ascii' }), { minLength: 1 });
  fc.assert(fc.property(words, (all) => assert.deepEqual(splitWords(commandLine.format(all)), all)));
});

test('in a file it is a text or a list', () => {
  const parse = (raw: unknown) => commandLine.schema.safeParse(raw).data;
  assert.deepEqual(parse('a b'), ['a', 'b']);
  assert.deepEqual(parse(['a', 'b c', '']), ['a', 'b c', '']);
  for (const raw of ['', ' ', [], [''], ['', 'a'], ['a', 1], 'a\0', ['a', '\0'], 'a "', 3, {}])
    assert.equal(parse(raw), undefined, JSON.stringify(raw));
});
