import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ControlMistake } from './control-options.ts';
import { scaleRequest } from './scale.ts';

test('a number or a range, for an application or the only one', () => {
  assert.deepEqual(scaleRequest('4'), { command: 'scale', application: null, min: 4, max: 4 });
  assert.deepEqual(scaleRequest('shop=2:8'), { command: 'scale', application: 'shop', min: 2, max: 8 });
  assert.deepEqual(scaleRequest('a=b=0:1'), { command: 'scale', application: 'a=b', min: 0, max: 1 });
});

test('anything else is refused, with what is allowed', () => {
  for (const text of [null, '', '0', 'x', 'shop=', '8:2', '-1', '2000']) {
    assert.throws(
      () => scaleRequest(text),
      (error: Error) => {
        assert.ok(error instanceof ControlMistake, String(text));
        assert.match(error.message, /^found .*; allowed: a whole number from 1 to 1024, or MIN:MAX/);
        return true;
      },
    );
  }
});
