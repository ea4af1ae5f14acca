import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseForwarded } from './forwarded-field.ts';

function parsed(value: string): Record<string, string>[] | undefined {
  return parseForwarded(value)?.map(({ parameters }) => Object.fromEntries(parameters));
}

test('the examples of the RFC', () => {
  assert.deepEqual(parsed('for="_gazonk"'), [{ for: '_gazonk' }]);
  assert.deepEqual(parsed('For="[2001:db8:cafe::17]:4711"'), [{ for: '[2001:db8:cafe::17]:4711' }]);
  assert.deepEqual(parsed('for=192.0.2.60;proto=http;by=203.0.113.43'), [
    { for: '192.0.2.60', proto: 'http', by: '203.0.113.43' },
  ]);
  assert.deepEqual(parsed('for=192.0.2.43, for=198.51.100.17'), [
    { for: '192.0.2.43' },
    { for: '198.51.100.17' },
  ]);
});

test('quotes hide separators, and elements keep their text', () => {
  const elements = parseForwarded('for=a;host="x,y;\\"z" , for=b')!;
  assert.equal(elements[0]!.parameters.get('host'), 'x,y;"z');
  assert.deepEqual(
    elements.map(({ text }) => text),
    ['for=a;host="x,y;\\"z"', 'for=b'],
  );
});

test('empty parts mean nothing', () => {
  assert.deepEqual(parsed(''), []);
  assert.deepEqual(parsed(' , ;for=a;,'), [{ for: 'a' }]);
});

test('what is not as the RFC has it', () => {
  for (const value of ['for', 'for=', 'for="a', 'for=a b', 'for=a;for=b', '=a', 'for="a"b', 'for=a,\0'])
    assert.equal(parseForwarded(value), null, value);
});

test('any text comes to an end', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom('f', '=', '"', '\\', ';', ',', ' ', '[', ':') }),
      (value) => {
        parseForwarded(value);
      },
    ),
  );
});
