import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import { readConfiguration } from './read-configuration.ts';
import { readBesides } from './reader-handle.ts';

const INSTANCE = { pid: 4711, serverRoot: '/tmp/vivarium-fresh' };

/** A folder with an application; what is read of it with `flags` by a process of its own. */
function application(t: TestContext, ...flags: string[]) {
  const cwd = makeFolder(t);
  writeFileSync(join(cwd, 'wsgi.py'), 'application = None\n');
  const argv = ['wsgi.py', ...flags];
  const read = (environment: NodeJS.ProcessEnv = process.env, instance = INSTANCE) =>
    readBesides({ argv, cwd, instance, isDev: false }, environment);
  return { cwd, argv, read };
}

test('another process reads the same as we would, to the last value', async (t) => {
  const { cwd, argv, read } = application(t, '--threads', '3', '--url-alias', '/static', '.');
  const { result } = await readConfiguration(argv, [], { environment: process.env, cwd, instance: INSTANCE });
  assert.ok('configuration' in result);
  const { configuration, warnings } = result;
  assert.equal(configuration.applications[0]!.threads, 3);
  assert.deepEqual(await read(), { configuration, warnings });
});

test('the environment is that of the command, and sockets of systemd are for the process of the server', async (t) => {
  const { read } = application(t);
  const ours = { ...process.env, VIVARIUM_THREADS: '7', LISTEN_PID: String(INSTANCE.pid), LISTEN_FDS: '1' };
  const addresses = async (pid: number) => {
    const result = await read(ours, { ...INSTANCE, pid });
    assert.ok('configuration' in result);
    assert.equal(result.configuration.applications[0]!.threads, 7);
    return result.configuration.listen.map((address) => address.kind);
  };
  assert.deepEqual(await addresses(INSTANCE.pid), ['fd']);
  assert.deepEqual(await addresses(INSTANCE.pid + 1), ['tcp']);
});

test('mistakes are found there', async (t) => {
  const { read } = application(t, '--threads', 'many');
  const result = await read();
  assert.ok('mistakes' in result);
  assert.match(result.mistakes.join('\n'), /^--threads: found "many"/);
});

test('a process that ends without an answer is a mistake, too', async (t) => {
  const { read } = application(t);
  assert.deepEqual(await read({ ...process.env, NODE_OPTIONS: '--no-such-option' }), {
    mistakes: ['the process that reads the configuration exited with status 9'],
  });
});
