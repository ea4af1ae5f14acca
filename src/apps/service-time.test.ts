import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ServiceTime } from './service-time.ts';

test('an application that is not known yet gets one request a thread', () => {
  assert.equal(new ServiceTime().batch, 1);
});

test('fast answers make batches, no more than a millisecond of work', () => {
  const time = new ServiceTime();
  for (let i = 0; i < 50; i++) time.observe(32, 320, 320, 1);
  assert.equal(Math.round(time.us), 10);
  assert.equal(time.batch, 64);
  for (let i = 0; i < 50; i++) time.observe(32, 3_200, 3_200, 1);
  assert.equal(time.batch, 10);
});

test('one slow answer among fast ones does not end batching, slow ones in a row do', () => {
  const time = new ServiceTime();
  for (let i = 0; i < 50; i++) time.observe(32, 320, 320, 1);
  time.observe(1, 1_000, 60_000_000, 1);
  assert.ok(time.batch > 8, String(time.batch));
  for (let i = 0; i < 100; i++) time.observe(1, 100, 200_000, 1);
  assert.equal(time.batch, 1);
});

test('threads that wait for each other are not slow, threads that wait for something else are', () => {
  const busy = new ServiceTime();
  const waiting = new ServiceTime();
  for (let i = 0; i < 100; i++) {
    busy.observe(10, 200, 1_600, 8);
    waiting.observe(10, 200, 16_000, 8);
  }
  assert.equal(Math.round(busy.us), 20);
  assert.equal(Math.round(waiting.us), 1_000);
});

test('whatever is observed, a batch is 1 to 64 requests', () => {
  const anyTime = fc.nat(0xffff_ffff);
  const anyCount = fc.integer({ min: 1, max: 0xffff_ffff });
  fc.assert(
    fc.property(fc.array(fc.tuple(anyCount, anyTime, anyTime, fc.nat(100))), (seen) => {
      const time = new ServiceTime();
      for (const measured of seen) time.observe(...measured);
      assert.ok(Number.isInteger(time.batch) && time.batch >= 1 && time.batch <= 64);
    }),
  );
});
