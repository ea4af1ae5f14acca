/** Runs the tests of the Python code (test/python/, unittest) with every Python of this machine. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { describe, test } from 'node:test';
import { findInterpreters } from './support/interpreters.ts';
import { ROOT } from './support/vivarium.ts';

const FOLDER = `${ROOT}test/python`;
const files = readdirSync(FOLDER).filter((name) => /^test_.*\.py$/.test(name));

for (const { path, version } of findInterpreters()) {
  describe(`Python ${version}`, () => {
    for (const file of files) {
      test(file, () => {
        const { status, stderr } = spawnSync(path, ['-B', '-m', 'unittest', file], {
          cwd: FOLDER,
          env: { ...process.env, PYTHONPATH: `${ROOT}python` },
          encoding: 'utf8',
        });
        assert.equal(status, 0, stderr);
        assert.match(stderr, /^Ran [1-9]\d* tests? in/m);
      });
    }
  });
}
