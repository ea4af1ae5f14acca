import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { wishReader } from './accept-encoding.ts';

const read = wishReader(['zstd', 'br', 'gzip']);

test('the coding that the client likes best, and of equals the first that is offered', () => {
  const cases: readonly (readonly [string | null, string | null])[] = [
    [null, null],
    ['', null],
    ['gzip', 'gzip'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip, br', 'br'],
    ['br;q=0.5, gzip', 'gzip'],
    ['GZIP;Q=1.0', 'gzip'],
    ['x-gzip', 'gzip'],
    ['gzip ; q=0.001', 'gzip'],
    ['deflate, compress', null],
    ['*', 'zstd'],
    ['*;q=0.1, br;q=0', 'zstd'],
    ['zstd;q=0, *', 'br'],
    ['*;q=0', null],
    ['gzip;q=0', null],
    ['gzip;q=0.000', null],
    ['identity, gzip;q=0.5', null],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0.2, br;q=0.1, gzip;q=0.3', 'gzip'],
    ['identity;q=0', null],
    ['gzip;q=nonsense', null],
    ['gzip;q=2', null],
    ['gzip;q=-1', null],
    [';q=1,,=,gzip', 'gzip'],
  ];
  for (const [accept, coding] of cases) assert.equal(read(accept).coding, coding, String(accept));
});

test('who refuses what is not compressed is heard', () => {
  for (const accept of ['gzip, identity;q=0', 'gzip, *;q=0', 'identity;q=0.0'])
    assert.equal(read(accept).refusesIdentity, true, accept);
  for (const accept of [null, 'gzip', '*;q=0, identity', 'identity;q=0.1'])
    assert.equal(read(accept).refusesIdentity, false, String(accept));
});

test('nothing that a client sends is too much, and it is read the same way each time', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary-ascii', maxLength: 200 }), (accept) => {
      assert.deepEqual(read(accept), wishReader(['zstd', 'br', 'gzip'])(accept));
    }),
  );
});
