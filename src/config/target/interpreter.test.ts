import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import { findInterpreter, type InterpreterWish, probeInterpreter } from './interpreter.ts';

/** Programs, by their path in the folder, with what they print. */
function makePrograms(t: TestContext, programs: Readonly<Record<string, string>>): string {
  const scripts = Object.entries(programs).map(([name, says]) => [name, `#!/bin/sh\n${says}\n`]);
  const folder = makeFolder(t, Object.fromEntries(scripts));
  for (const name of Object.keys(programs)) chmodSync(join(folder, name), 0o755);
  return folder;
}

const nothing: InterpreterWish = { python: null, pythonHome: null, environment: {}, directories: [] };

test('the wished one, the active environment, one beside the application, python3: in this order', (t) => {
  const folder = makePrograms(t, {
    'wished/python3.12': '',
    'home/bin/python': '',
    'active/bin/python': '',
    'app/.venv/bin/python': '',
    'other/venv/bin/python': '',
    'path/python3': '',
  });
  const wish: InterpreterWish = {
    python: join(folder, 'wished/python3.12'),
    pythonHome: join(folder, 'home'),
    environment: { VIRTUAL_ENV: join(folder, 'active'), PATH: join(folder, 'path') },
    directories: [join(folder, 'app'), join(folder, 'other')],
  };
  const found = (change: Partial<InterpreterWish>) => {
    const interpreter = findInterpreter({ ...wish, ...change });
    return 'path' in interpreter
      ? [interpreter.path.slice(folder.length + 1), interpreter.from]
      : interpreter;
  };
  const path = { PATH: join(folder, 'path') };
  assert.deepEqual(found({}), ['wished/python3.12', null]);
  assert.deepEqual(found({ python: null }), ['home/bin/python', 'python-home']);
  assert.deepEqual(found({ python: null, pythonHome: null }), ['active/bin/python', '$VIRTUAL_ENV']);
  assert.deepEqual(found({ python: null, pythonHome: null, environment: path }), [
    'app/.venv/bin/python',
    '.venv beside the application',
  ]);
  assert.deepEqual(
    found({ python: null, pythonHome: null, environment: path, directories: [join(folder, 'other')] }),
    ['other/venv/bin/python', 'venv beside the application'],
  );
  assert.deepEqual(found({ python: null, pythonHome: null, environment: path, directories: [] }), [
    'path/python3',
    'python3 on PATH',
  ]);
});

test('a name without a slash is looked up on PATH', (t) => {
  const folder = makePrograms(t, { 'bin/python3.13': '' });
  const environment = { PATH: `/nowhere:${folder}/bin` };
  assert.deepEqual(findInterpreter({ ...nothing, python: 'python3.13', environment }), {
    path: `${folder}/bin/python3.13`,
    from: null,
  });
});

test('an active environment that was deleted is passed over', (t) => {
  const folder = makePrograms(t, { 'bin/python3': '' });
  const environment = { VIRTUAL_ENV: '/nowhere', PATH: `${folder}/bin` };
  assert.deepEqual(findInterpreter({ ...nothing, environment }), {
    path: `${folder}/bin/python3`,
    from: 'python3 on PATH',
  });
});

test('a wish that cannot be had is refused, never replaced', (t) => {
  const folder = makeFolder(t, { 'data.txt': '' });
  const mistake = (wish: Partial<InterpreterWish>) => {
    const found = findInterpreter({ ...nothing, environment: { PATH: folder }, ...wish });
    return 'mistake' in found ? found.mistake : found.path;
  };
  assert.equal(mistake({ python: '/x/python' }), 'python: found "/x/python"; there is no such program');
  assert.equal(
    mistake({ python: `${folder}/data.txt` }),
    `python: found "${folder}/data.txt"; there is no such program`,
  );
  assert.equal(mistake({ python: 'python9' }), `python: found "python9"; no such program in ${folder}`);
  assert.equal(
    mistake({ pythonHome: folder }),
    `python-home: found "${folder}"; there is no bin/python in it`,
  );
  assert.equal(
    mistake({ directories: ['/app'] }),
    `python: no interpreter found; looked for /app/.venv/bin/python, /app/venv/bin/python and python3 in ${folder}; name one with --python or --python-home`,
  );
});

test('the probe tells version and path, through a shim too', async (t) => {
  const folder = makePrograms(t, { shim: 'exec python3 "$@"' });
  const context = { workingDirectory: folder, environment: process.env, identity: null };
  const probed = await probeInterpreter({ ...context, interpreter: `${folder}/shim` });
  assert.ok('version' in probed, JSON.stringify(probed));
  assert.match(probed.version, /^3\.\d+\.\d+$/);
  assert.notEqual(probed.path, `${folder}/shim`);
});

test('an interpreter that is too old, broken or none is refused with what was found', async (t) => {
  const folder = makePrograms(t, {
    old: `echo '{"version": "3.8.20", "executable": "/usr/bin/python3.8"}'`,
    ancient: `echo '{"version": "2.7.18", "executable": "/usr/bin/python"}'`,
    newer: `echo '{"version": "3.9.0", "executable": ""}'`,
    broken: 'echo "no libpython" >&2; exit 127',
    silent: 'exit 3',
    other: 'echo hello',
    number: 'echo 5',
  });
  const probe = async (name: string) => {
    const context = { workingDirectory: folder, environment: process.env, identity: null };
    const probed = await probeInterpreter({ ...context, interpreter: join(folder, name) });
    return 'mistake' in probed ? probed.mistake.replaceAll(`${folder}/`, '') : probed.version;
  };
  assert.equal(await probe('old'), 'python: found "old", which is Python 3.8.20; allowed: 3.9 or later');
  assert.equal(
    await probe('ancient'),
    'python: found "ancient", which is Python 2.7.18; allowed: 3.9 or later',
  );
  assert.equal(await probe('newer'), '3.9.0');
  assert.equal(await probe('broken'), 'python: found "broken", which does not work: no libpython');
  assert.equal(
    await probe('silent'),
    'python: found "silent", which does not work: ended with exit status 3',
  );
  assert.equal(await probe('number'), 'python: found "number", which is no Python interpreter');
  assert.equal(
    await probe('other'),
    'python: found "other", which does not work: gave no answer that can be read: "hello\\n"',
  );
});
