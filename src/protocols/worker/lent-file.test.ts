import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeLentFile } from './lent-file.ts';

/** struct.pack('<IQQ', 23, 4294967299, 5000000000), as python/vivarium/frames.py does it. */
const PACKED = Buffer.from('170000000300000001000000' + '00f2052a01000000', 'hex');

test('what a worker lends stands at the end of its frame', () => {
  const frame = Buffer.concat([Buffer.from('head'), PACKED]);
  const lent = { fd: 23, offset: 4_294_967_299, sizeBytes: 5_000_000_000 };
  assert.deepEqual(decodeLentFile(frame, 0, frame.length), lent);
  assert.equal(decodeLentFile(frame, 5, frame.length), null, 'too short');
  const huge = Buffer.concat([PACKED.subarray(0, 12), Buffer.alloc(8, 0xff)]);
  assert.equal(decodeLentFile(huge, 0, huge.length), null, 'no number that could be meant');
});
