import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { controlFrame, isAfter, Kind, u16, u32 } from './frames.ts';

test('numbers are little-endian', () => {
  fc.assert(
    fc.property(fc.nat(0xffff), fc.nat(0xffff_ffff), (small, large) => {
      assert.equal(Buffer.from(u16(small), 'latin1').readUInt16LE(), small);
      assert.equal(Buffer.from(u32(large), 'latin1').readUInt32LE(), large);
    }),
  );
});

test('sequence numbers wrap around', () => {
  assert.equal(isAfter(1, 0xffff_ffff), true);
  assert.equal(isAfter(0xffff_ffff, 1), false);
  assert.equal(isAfter(5, 5), false);
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), fc.integer({ min: 1, max: 0x7fff_ffff }), (from, steps) => {
      const to = (from + steps) >>> 0;
      assert.equal(isAfter(to, from), true);
      assert.equal(isAfter(from, to), false);
    }),
  );
});

test('control messages are ASCII, whatever they say', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const bytes = controlFrame(Kind.failed, { text });
      assert.match(bytes.slice(9), /^[\0-\x7f]*$/);
      assert.equal(Buffer.from(bytes, 'latin1').readUInt32LE(), bytes.length - 9);
      assert.deepEqual(JSON.parse(bytes.slice(9)), { text });
    }),
  );
});
