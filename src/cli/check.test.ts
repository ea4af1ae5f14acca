import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runCommand } from '../../test/support/fake-terminal.ts';
import { makeFolder, textApplication } from '../../test/support/folder.ts';

const FILES = {
  'wsgi.py': textApplication('hello'),
  'vivarium.toml': 'threads = 2\n\n[url-alias]\n"/static" = "public"\n',
  'public/a.css': '',
};

test('every value in effect is shown with its origin, in groups and aligned', async (t) => {
  const cwd = makeFolder(t, FILES);
  const argv = ['check', '--port', '8123', '--listen', ':80', '--listen', 'unix:s'];
  const { status, printed } = await runCommand(argv, { cwd, environment: { VIVARIUM_QUEUE_SIZE: '5' } });
  assert.equal(status, 0);
  const rows = printed.split('\n').map((line) => line.trim().split(/ {2,}/).join(' | '));
  for (const row of [
    'Application',
    `application | ${cwd}/wsgi.py | found: wsgi.py`,
    'listen | :80 | --listen',
    `listen | unix:${cwd}/s | --listen`,
    'queue-size | 5 | $VIVARIUM_QUEUE_SIZE',
    'threads | 2 | vivarium.toml:1',
    `url-alias /static | ${cwd}/public | vivarium.toml:4`,
    'limit-request-body | 10m | default',
    'access-log | on | default',
  ]) {
    assert.ok(rows.includes(row), `${row}\n${printed}`);
  }
  assert.match(printed, /^ {2}python +\S+ \(3\.\d+\.\d+\) +found: /m);
  const columns = printed
    .split('\n')
    .filter((line) => line.endsWith(' default'))
    .map((line) => line.indexOf(' default'));
  assert.equal(new Set(columns.filter((column) => column < 90)).size, 1);
});

test('--json has the settings, the configuration and the warnings', async (t) => {
  const cwd = makeFolder(t, FILES);
  const { status, printed } = await runCommand(['check', '--json', '--passenv', 'NOT_SET'], { cwd });
  assert.equal(status, 0);
  const { settings, configuration, warnings, mistakes } = JSON.parse(printed);
  const named = (wanted: string) => settings.find(({ name }: { name: string }) => name === wanted);
  assert.deepEqual(named('threads'), { name: 'threads', value: 2, source: 'file', from: 'vivarium.toml:1' });
  assert.equal(named('url-alias').key, '/static');
  assert.equal(configuration.applications[0].threads, 2);
  assert.ok(warnings.includes('passenv NOT_SET: the environment has no such variable'));
  assert.deepEqual(mistakes, []);
});

test('mistakes are listed, and the status says so', async (t) => {
  const cwd = makeFolder(t, { ...FILES, 'vivarium.toml': 'threads = 0\nthreds = 1\n' });
  const expected = [
    'vivarium.toml:2: threds: no such setting; did you mean threads?',
    'vivarium.toml:1: threads: found 0; allowed: a whole number from 1 to 1024',
  ];
  assert.deepEqual(await runCommand(['check'], { cwd }), {
    status: 2,
    printed: '',
    told: `vivarium: 2 mistakes in the configuration:\n${expected.map((line) => `  ${line}\n`).join('')}`,
  });
  const { status, printed } = await runCommand(['check', '--json'], { cwd });
  assert.equal(status, 2);
  assert.deepEqual(JSON.parse(printed), { mistakes: expected });
});

test('serve refuses the same mistakes and starts nothing', async (t) => {
  const cwd = makeFolder(t, { ...FILES, 'vivarium.toml': 'threads = 0\n' });
  assert.deepEqual(await runCommand(['serve'], { cwd }), {
    status: 2,
    printed: '',
    told:
      'vivarium: a mistake in the configuration:\n' +
      '  vivarium.toml:1: threads: found 0; allowed: a whole number from 1 to 1024\n' +
      'Nothing was started. See vivarium serve --help.\n',
  });
});

test('defaults are dimmed on a terminal with colours', async (t) => {
  const { printed } = await runCommand(['check'], { cwd: makeFolder(t, FILES), hasColor: true });
  assert.match(printed, /^\x1b\[2m {2}port .* default\x1b\[22m$/m);
  assert.match(printed, /^ {2}threads .* vivarium\.toml:1$/m);
});

test('a format of the access log that cannot be used is a mistake, unless nothing is logged', async (t) => {
  const cwd = makeFolder(t, FILES);
  const argv = ['check', '--access-log-format', '%h %Q'];
  const { status, told } = await runCommand(argv, { cwd });
  assert.equal(status, 2);
  assert.match(told, /--access-log-format: .*position 4 of "%h %Q": unknown directive "%Q"; allowed are/);
  assert.equal((await runCommand([...argv, '--no-access-log'], { cwd })).status, 0);
});
