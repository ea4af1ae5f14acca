import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findKeyLines } from './toml-lines.ts';

function lines(...document: string[]) {
  const found = findKeyLines(document.join('\n'));
  return Object.fromEntries([...found].map(([path, line]) => [path.split('\0').join('/'), line]));
}

test('keys stand below the header of their table', () => {
  assert.deepEqual(lines('a = 1', '[t]', 'b = 1', '[ t . u ]', '"c d" = 1', "'e' = 1"), {
    a: 1,
    t: 2,
    't/b': 3,
    't/u': 4,
    't/u/c d': 5,
    't/u/e': 6,
  });
});

test('dotted keys and inline tables', () => {
  assert.deepEqual(lines('a.b = 1', 'a.c = 1', 's = { x = 1, "/y" = "z" }'), {
    a: 1,
    'a/b': 1,
    'a/c': 2,
    s: 3,
    's/x': 3,
    's//y': 3,
  });
});

test('a text of several lines has no keys', () => {
  assert.deepEqual(lines('a = """', 'b = 1', 'it\'s "quoted"', '[t]', '"""', 'c = 1'), { a: 1, c: 6 });
  assert.deepEqual(lines("a = '''", "don't", 'b = 1', "stop''' # '''", 'c = 1'), { a: 1, c: 5 });
  assert.deepEqual(lines('a = """x""" # """', 'b = 1'), { a: 1, b: 2 });
});

test('comments have no keys and open no text', () => {
  assert.deepEqual(lines('# a = 1', 'b = 1 # """', 'c = "# not a comment"', 'd = 1'), { b: 2, c: 3, d: 4 });
});

test('escapes in keys are read, and one that JSON does not know does no harm', () => {
  assert.deepEqual(lines('"a\\tb" = 1', '"\\U0001F600" = 1', 'c = 1'), {
    'a\tb': 1,
    '"\\U0001F600"': 2,
    c: 3,
  });
});
