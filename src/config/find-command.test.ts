import assert from 'node:assert/strict';
import { chmodSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import type { ApplicationSettings, CommandTarget } from './configuration.ts';
import { findForeignSockets } from './find-command.ts';
import { loadConfiguration } from './load.ts';
import { ConfigurationError } from './origin.ts';
import type { ApplicationTable } from './sources/application-tables.ts';
import { readFlags } from './sources/flags.ts';

const NOBODY = 65_534;

function makeSite(t: TestContext, file = ''): string {
  const folder = makeFolder(t, { 'vivarium.toml': file, 'bin/server': '#!/bin/sh\n', 'bin/notes': '' });
  chmodSync(join(folder, 'bin/server'), 0o755);
  return folder;
}

async function load(cwd: string, ...argv: string[]) {
  const environment = { PATH: `${cwd}/bin:${process.env.PATH}` };
  return loadConfiguration({
    flags: readFlags(argv, cwd),
    environment,
    cwd,
    instance: { pid: 1, serverRoot: '/tmp/fresh' },
    uid: NOBODY,
  });
}

async function mistakes(cwd: string, ...argv: string[]): Promise<readonly string[]> {
  const error = await load(cwd, ...argv).catch((reason: unknown) => reason);
  return error instanceof ConfigurationError ? error.mistakes : [];
}

test('a command takes the place of the application', async (t) => {
  const folder = makeSite(t, 'command = "server --fd {fd}"\nqueue-timeout = 0\nmax-connections = 7');
  const { configuration } = await load(folder);
  const [application] = configuration.applications;
  const { name, workingDirectory, processes, threads, environment } = application!;
  assert.deepEqual([name, workingDirectory, processes, threads], ['server', folder, { min: 1, max: 1 }, 7]);
  const target = application!.target as CommandTarget;
  assert.deepEqual([target.argv, target.socket], [[join(folder, 'bin/server'), '--fd', '{fd}'], 'inherited']);
  assert.deepEqual([target.stopSignal, target.readyPath], ['SIGTERM', null]);
  assert.equal(environment.PATH, target.searchPath);
  // No limit is none for a proxy, too.
  assert.ok(target.upstream.queueTimeoutMs > 365 * 24 * 3600);
});

test('its program is looked for beside the Python that was chosen, wherever that stands on PATH', async (t) => {
  const folder = makeSite(t);
  const python = (await load(folder, '--command', 'server')).configuration.applications[0]!.interpreter;
  const pathOf = async (PATH: string, ...argv: string[]) => {
    const flags = readFlags(['--command', join(folder, 'bin/server'), ...argv], folder);
    const loaded = await loadConfiguration({
      flags,
      environment: { PATH },
      cwd: folder,
      instance: { pid: 1, serverRoot: '/tmp/fresh' },
      uid: NOBODY,
    });
    return (loaded.configuration.applications[0]!.target as CommandTarget).searchPath;
  };
  const beside = dirname(python);
  assert.equal(await pathOf(`/nowhere:${beside}`), `/nowhere:${beside}`);
  assert.equal(await pathOf(`/nowhere:${beside}`, '--python', python), `${beside}:/nowhere`);
  assert.equal(await pathOf('/nowhere', '--python', python), `${beside}:/nowhere`);
});

test('how many connections are kept to it', async (t) => {
  const folder = makeSite(t);
  const kept = async (...argv: string[]) => {
    const { configuration } = await load(folder, '--command', 'server', ...argv);
    return (configuration.applications[0]!.target as CommandTarget).upstream.pool.keepAliveConnections;
  };
  assert.deepEqual([await kept(), await kept('--protocol', 'fastcgi')], [64, 0]);
  assert.deepEqual([await kept('--keep-alive', '0'), await kept('--keep-alive', '7')], [0, 7]);
});

test('how its socket is put in says how it comes by it', async (t) => {
  const folder = makeSite(t);
  const socketOf = async (command: string) => {
    const { configuration } = await load(folder, '--command', command);
    return (configuration.applications[0]!.target as CommandTarget).socket;
  };
  assert.equal(await socketOf('server'), 'inherited');
  assert.equal(await socketOf('server unix:{socket} --pid /tmp/{worker}'), 'path');
  assert.equal(await socketOf('server {port} {port}'), 'port');
  assert.equal(await socketOf('server {{port} {"a":{}}'), 'inherited');
});

test('what is wrong with a command is said before anything is started', async (t) => {
  const folder = makeSite(t);
  const only = async (command: string) => (await mistakes(folder, '--command', command)).join('\n');
  assert.match(await only('sever'), /^--command: found "sever"; no such program in .*\/bin/);
  assert.match(await only('bin/sever'), /^--command: found "bin\/sever"; there is no such program$/);
  assert.match(await only('bin/notes'), /there is no such program$/);
  assert.match(
    await only('server {fdd}'),
    /^--command: found \{fdd\}; allowed: \{fd\}, \{socket\}, \{port\}, \{worker\}, and \{\{ for a brace$/,
  );
  assert.match(await only('server {fd} {port}'), /^--command: found \{fd\} and \{port\}; allowed: one/);
  assert.match(await only('server "'), /^--command: found .* its quotes closed/);
});

test('what belongs to WSGI applications is refused beside a command', async (t) => {
  const folder = makeSite(t);
  assert.deepEqual(
    await mistakes(folder, 'wsgi.py', '--command', 'server', '--threads', '4', '--warmup', '/'),
    [
      'TARGET: found beside command, with which it has no meaning; allowed: one of them',
      '--threads: found beside command, with which it has no meaning; allowed: one of them',
      '--warmup: found beside command, with which it has no meaning; allowed: one of them',
    ],
  );
  const [first, second] = await mistakes(folder, '--ready-path', '/', '--stop-signal', 'INT');
  assert.equal(first, '--ready-path: found without command; allowed: both');
  assert.equal(second, '--stop-signal: found without command; allowed: both');
});

test('a table of applications may have a command', async (t) => {
  const file = `
[applications.chat]
command = ["./server", "a b", "{port}"]
working-directory = "bin"
mount-point = "/chat"
[applications.empty]
processes = 1`;
  const folder = makeSite(t, file);
  assert.deepEqual(await mistakes(folder), [
    'vivarium.toml:6: applications.empty: needs application or command',
  ]);
  const good = makeSite(t, file.slice(0, file.indexOf('[applications.empty]')));
  const [application] = (await load(good)).configuration.applications;
  const target = application!.target as CommandTarget;
  assert.deepEqual(target.argv, [join(good, 'bin/server'), 'a b', '{port}']);
  assert.equal(target.proxy.path, '/');
});

test('a socket that another user binds cannot be opened by the gateway', () => {
  const tables = [{ name: 'chat', place: 'vivarium.toml:1: applications.chat' }] as ApplicationTable[];
  const foundFor = (socket: string, user: string | null) =>
    findForeignSockets(
      [{ name: 'chat', user, group: null, target: { kind: 'command', socket } }] as ApplicationSettings[],
      { user: 'www', group: null },
      tables,
    );
  assert.deepEqual(foundFor('path', 'chat'), [
    'vivarium.toml:1: applications.chat.command: found {socket} beside a user of its own; allowed: {fd} or {port}',
  ]);
  assert.deepEqual(
    [foundFor('path', 'www'), foundFor('inherited', 'chat'), foundFor('port', null)],
    [[], [], []],
  );
});
