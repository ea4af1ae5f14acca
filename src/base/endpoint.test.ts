import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseEndpoint } from './endpoint.ts';

test('addresses with and without a port, in one spelling', () => {
  for (const [text, address, port] of [
    ['192.0.2.7', '192.0.2.7', 0],
    ['192.0.2.7:4711', '192.0.2.7', 4711],
    ['2001:DB8:0:0::1', '2001:db8::1', 0],
    ['[2001:db8::1]', '2001:db8::1', 0],
    ['[2001:db8::1]:4711', '2001:db8::1', 4711],
    ['::ffff:192.0.2.7', '192.0.2.7', 0],
    ['::ffff:c000:207', '192.0.2.7', 0],
  ] as const)
    assert.deepEqual(parseEndpoint(text), { address, port }, text);
});

test('what is no address', () => {
  for (const text of [
    '',
    'unknown',
    '_hidden',
    'example.org',
    '192.0.2',
    '192.0.2.7:',
    '192.0.2.7:99999',
    '[192.0.2.7]',
    'fe80::1%eth0',
    '192.0.2.7 ',
    '[::1',
    '1.2.3.4:5:6',
  ])
    assert.equal(parseEndpoint(text), null, text);
});
