import assert from 'node:assert/strict';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import { hasVivariumTable, readConfigurationFile } from './file.ts';

function read(t: TestContext, content: string, name = 'vivarium.toml') {
  const folder = makeFolder(t, { [name]: content });
  const { given, mistakes } = readConfigurationFile(join(folder, name), folder);
  for (const { directory } of given) assert.equal(directory, folder);
  return { given: given.map(({ name, key, raw, origin }) => ({ name, key, raw, origin })), mistakes };
}

const at = (line: number, file = 'vivarium.toml') => ({ kind: 'file', file, line });

test('keys are settings, and know their line', (t) => {
  const { given, mistakes } = read(t, '# the shop\nthreads = 4\n\nlisten = [":80"]\naccess-log = false\n');
  assert.deepEqual(mistakes, []);
  assert.deepEqual(given, [
    { name: 'threads', key: null, raw: 4, origin: at(2) },
    { name: 'listen', key: null, raw: [':80'], origin: at(4) },
    { name: 'access-log', key: null, raw: false, origin: at(5) },
  ]);
});

test('a list of one needs no brackets', (t) => {
  assert.deepEqual(read(t, 'listen = ":80"').given[0]?.raw, [':80']);
});

test('a setting with two arguments is a table', (t) => {
  const { given } = read(t, '[setenv]\nA = "1"\n\n[url-alias]\n"/static" = "public"\n');
  assert.deepEqual(given, [
    { name: 'setenv', key: 'A', raw: '1', origin: at(2) },
    { name: 'url-alias', key: '/static', raw: 'public', origin: at(5) },
  ]);
  assert.deepEqual(read(t, 'setenv = "A"').mistakes, [
    'vivarium.toml:1: setenv: found "A"; allowed: a table',
  ]);
});

test('pyproject.toml has a table for us', (t) => {
  const content =
    '[project]\nthreads = "not ours"\n\n[tool.vivarium]\nthreads = 2\n[tool.vivarium.setenv]\nA = "1"\n';
  const { given, mistakes } = read(t, content, 'pyproject.toml');
  assert.deepEqual(mistakes, []);
  assert.deepEqual(given, [
    { name: 'threads', key: null, raw: 2, origin: at(5, 'pyproject.toml') },
    { name: 'setenv', key: 'A', raw: '1', origin: at(7, 'pyproject.toml') },
  ]);
  assert.deepEqual(read(t, '[project]', 'pyproject.toml').mistakes, [
    'pyproject.toml: has no table [tool.vivarium]',
  ]);
});

test('whether pyproject.toml speaks of us', (t) => {
  const folder = makeFolder(t, {
    'ours.toml': '[tool.vivarium]',
    'other.toml': '[tool.black]',
    'broken.toml': '[tool.vivarium',
  });
  const has = (name: string) => hasVivariumTable(join(folder, name));
  assert.deepEqual(
    [has('ours.toml'), has('other.toml'), has('broken.toml'), has('none.toml')],
    [true, false, false, false],
  );
});

test('unknown keys are named with their line and a suggestion', (t) => {
  const { mistakes } = read(t, 'threads = 1\nporcesses = 2\nkeep_alive_timeout = 3\nzzz = 1\nconfig = "x"\n');
  assert.deepEqual(mistakes, [
    'vivarium.toml:2: porcesses: no such setting; did you mean processes?',
    'vivarium.toml:3: keep_alive_timeout: no such setting; did you mean keep-alive-timeout?',
    'vivarium.toml:4: zzz: no such setting',
    'vivarium.toml:5: config: cannot stand in the file; allowed: the flag --config',
  ]);
});

test('what is no TOML is refused with its line', (t) => {
  const { mistakes } = read(t, 'threads = 1\nport = = 2\n');
  assert.equal(mistakes.length, 1);
  assert.match(mistakes[0]!, /^vivarium\.toml:2: not valid TOML: /);
});

test('a file that cannot be read is named', (t) => {
  const folder = makeFolder(t);
  assert.deepEqual(readConfigurationFile(join(folder, 'none.toml'), folder).mistakes, [
    'none.toml: cannot read this configuration file: there is no such file',
  ]);
  assert.deepEqual(readConfigurationFile(folder, join(folder, '..')).mistakes, [
    `${basename(folder)}: cannot read this configuration file: it is a directory`,
  ]);
});
