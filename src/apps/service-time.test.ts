import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ServiceTime } from './service-time.ts';

test('an application that is not known yet gets one request a thread', () => {
  assert.equal(new ServiceTime().batch, 1);
});

test('fast answers make batches, no more than a millisecond of work', () => {
  const time = new ServiceTime();
  for (let i = 0; i < 50; i++) time.observe(0.32, 32);
  assert.equal(Math.round(time.us), 10);
  assert.equal(time.batch, 64);
  for (let i = 0; i < 50; i++) time.observe(3.2, 32);
  assert.equal(time.batch, 10);
});

test('one slow answer among fast ones does not end batching, slow ones in a row do', () => {
  const time = new ServiceTime();
  for (let i = 0; i < 50; i++) time.observe(0.32, 32);
  time.observe(60_000, 1);
  assert.ok(time.batch > 8, String(time.batch));
  for (let i = 0; i < 100; i++) time.observe(200, 1);
  assert.equal(time.batch, 1);
});

test('whatever is observed, a batch is 1 to 64 requests', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.double({ min: 0, max: 1e9, noNaN: true }), fc.integer({ min: 1, max: 1000 }))),
      (seen) => {
        const time = new ServiceTime();
        for (const [elapsedMs, count] of seen) time.observe(elapsedMs, count);
        assert.ok(Number.isInteger(time.batch) && time.batch >= 1 && time.batch <= 64);
      },
    ),
  );
});
