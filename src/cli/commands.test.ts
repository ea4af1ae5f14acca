import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { runCommand } from '../../test/support/fake-terminal.ts';

test('a bare vivarium prints help', async () => {
  const { status, printed, told } = await runCommand([]);
  assert.equal(status, 0);
  assert.equal(told, '');
  assert.match(printed, /^Usage: vivarium COMMAND/);
  for (const name of [
    'serve',
    'check',
    'status',
    'workers',
    'ps',
    'events',
    'top',
    'reload',
    'restart',
    'stop',
    'version',
    'help',
  ])
    assert.match(printed, new RegExp(`^  ${name} +\\w`, 'm'));
});

test('help is asked for in many ways', async () => {
  const overview = (await runCommand([])).printed;
  for (const argv of [['help'], ['--help'], ['-h']]) assert.equal((await runCommand(argv)).printed, overview);
  const ofServe = (await runCommand(['help', 'serve'])).printed;
  for (const argv of [
    ['serve', '--help'],
    ['serve', '-h'],
    ['serve', 'x.py', '--port', 'x', '--help'],
  ]) {
    assert.deepEqual(await runCommand(argv), { status: 0, printed: ofServe, told: '' });
  }
});

test('vivarium version names the version of the package', async () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const expected = `vivarium ${manifest.version} (Node.js ${process.versions.node})\n`;
  assert.equal((await runCommand(['version'])).printed, expected);
  assert.equal((await runCommand(['--version'])).printed, expected);
});

test('an unknown command is a mistake, with a suggestion', async () => {
  assert.deepEqual(await runCommand(['sevre', 'wsgi.py']), {
    status: 2,
    printed: '',
    told: 'vivarium: no such command: "sevre"; did you mean serve?\n',
  });
  assert.equal(
    (await runCommand(['frobnicate'])).told,
    'vivarium: no such command: "frobnicate"; allowed: serve, dev, check, routes, status, workers, ps, events, top, reload, restart, scale, purge, upstreams, stop, replay, htpasswd, sign, version, help\n',
  );
  assert.equal((await runCommand(['help', 'chekc'])).status, 2);
});

test('an argument that a command does not take is a mistake', async () => {
  assert.deepEqual(await runCommand(['version', 'now']), {
    status: 2,
    printed: '',
    told: 'vivarium version: found "now"; usage: vivarium version\n',
  });
  assert.equal((await runCommand(['help', 'serve', 'check'])).status, 2);
});
