import assert from 'node:assert/strict';
import { test } from 'node:test';
import { whyNotReady } from './readiness.ts';

const why = (active: number, wanted: number, unavailable: string | null = null, isStopping = false) =>
  whyNotReady({ isStopping, applications: [{ name: 'shop', active, wanted, unavailable }] });

test('one worker may be away, but not the last one', () => {
  for (const [active, wanted] of [
    [4, 4],
    [3, 4],
    [1, 2],
    [1, 1],
    [0, 0],
  ])
    assert.equal(why(active!, wanted!), null);
  assert.equal(why(2, 4), '2 of 4 workers are ready, 3 are needed');
  assert.equal(why(0, 2), '0 of 2 workers are ready, 1 are needed');
  assert.equal(why(0, 1), '0 of 1 workers are ready, 1 are needed');
});

test('the reason is said when it is known', () => {
  assert.equal(why(0, 2, 'ImportError: no'), 'no worker can be started: ImportError: no');
  assert.equal(why(2, 2, null, true), 'the server is stopping');
});

test('static files need no worker', () => {
  assert.equal(whyNotReady({ isStopping: false, applications: [] }), null);
  assert.notEqual(whyNotReady({ isStopping: true, applications: [] }), null);
});
