/** The two halves of the worker protocol, src/protocols/worker/ and python/vivarium/frames.py, say the same. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import { Body, FRAME_HEADER_BYTES, Kind } from '../../src/protocols/worker/frames.ts';
import { FIXED_KEYS } from '../../src/protocols/worker/request.ts';
import { ROOT } from '../support/vivarium.ts';

const SHOW = 'import json; from vivarium import frames; print(json.dumps(vars(frames), default=repr))';

/** requestData is REQUEST_DATA there. */
function pythonName(name: string): string {
  return name.replace(/[A-Z]/g, '_$&').toUpperCase();
}

test('the frames have the same kinds, keys and header', () => {
  const python = JSON.parse(
    execFileSync('python3', ['-B', '-c', SHOW], { cwd: `${ROOT}python`, encoding: 'utf8' }),
  );
  for (const [name, kind] of Object.entries(Kind)) assert.equal(python[pythonName(name)], kind, name);
  for (const [name, kind] of Object.entries(Body))
    assert.equal(python[`BODY_${pythonName(name)}`], kind, name);
  assert.deepEqual(python.FIXED_KEYS, FIXED_KEYS);
  assert.equal(python.HEADER_BYTES, FRAME_HEADER_BYTES);
});
