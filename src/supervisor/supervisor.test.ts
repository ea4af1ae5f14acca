/** The supervisor with real processes: it runs in one of its own, with a fake gateway and fake workers. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, renameSync, statSync } from 'node:fs';
import { type AddressInfo, BoundSocket, connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, pidOf, READY, Run } from '../../test/support/supervisor-run.ts';

test('serves, and leaves nothing behind when it is stopped', async () => {
  const socketPath = join(folder, 'a.sock');
  const run = new Run('serve', {
    listen: [
      { kind: 'tcp', host: '127.0.0.1', port: 0 },
      { kind: 'unix', path: socketPath },
    ],
  });
  const [tcp, unix] = await run.serving;
  assert.match(tcp!, /^http:\/\/127\.0\.0\.1:\d+$/);
  assert.equal(unix, `unix:${socketPath}`);
  await run.line(READY, 2);
  assert.deepEqual((await run.get()).status, 200);
  assert.equal(readFileSync(join(folder, 'run-1.pid'), 'utf8').trim(), String(run.child.pid));
  assert.equal(statSync(run.root).mode & 0o777, 0o700);
  await run.stop();
  for (const path of [run.root, socketPath, join(folder, 'run-1.pid')]) assert.equal(existsSync(path), false);
  assert.match(run.lines.at(-1)!, /stopped: all processes have ended/);
});

test('a worker that is killed is replaced, and its end is named', async () => {
  const run = new Run('serve');
  process.kill(await pidOf(run.line(READY)), 'SIGKILL');
  await run.line(/worker-exited: worker \d \(pid \d+\) was killed by SIGKILL$/);
  await run.line(/worker-replaced: worker 3 \(pid \d+\) took the place of worker \d/);
  await run.getFrom(2);
  await run.stop();
});

test('a gateway that is killed is replaced: connections wait, and workers stay', async () => {
  const run = new Run('serve');
  await run.line(READY, 2);
  const before = await run.getFrom(2);
  process.kill(before.gateway, 'SIGKILL');
  await run.line(/gateway-exited: the gateway \(pid \d+\) was killed by SIGKILL/);
  const after = await run.getFrom(2);
  assert.notEqual(after.gateway, before.gateway);
  assert.deepEqual([...after.workers].sort(), [...before.workers].sort());
  assert.equal(run.lines.filter((line) => line.includes('worker-exited')).length, 0);
  await run.stop();
});

test('when the supervisor is killed, everything it started ends', async () => {
  const run = new Run('serve');
  await run.line(READY, 2);
  run.signal('SIGKILL');
  await run.allGone;
  // What it left behind does not stand in the way of the next one.
  const next = new Run('serve', { serverRoot: run.root, pidFile: `${run.root}.pid` });
  await next.serving;
  await next.stop();
});

test('an inherited socket is served and stays with whoever made it', async () => {
  const socket = new BoundSocket({ host: '127.0.0.1', port: 0 });
  const { port } = socket.address() as AddressInfo;
  const owner = createServer().listen({ fd: socket.fd() });
  await once(owner, 'listening');
  const run = new Run('serve', { listen: [{ kind: 'fd', fd: 3 }] }, {}, [socket.fd()]);
  assert.deepEqual(await run.serving, [`http://127.0.0.1:${port}`]);
  await run.stop();
  const client = connect(port, '127.0.0.1');
  await once(client, 'connect');
  client.destroy();
  owner.close();
});

test('a reload brings new workers, and one that fails leaves the old ones', async () => {
  const run = new Run('serve');
  await run.line(READY, 2);
  run.signal('SIGHUP');
  await run.line(/reload-finished/);
  assert.deepEqual([...(await run.get()).workers].sort(), [3, 4]);
  run.behave('fail');
  run.signal('SIGHUP');
  await run.line(
    /reload-failed: worker \d \(pid \d+\) could not load the application: ImportError: the test said so/,
  );
  assert.deepEqual([...(await run.get()).workers].sort(), [3, 4]);
  await run.stop();
});

test('an application that cannot be loaded is reported and tried again; meanwhile the server answers', async () => {
  const run = new Run('fail', {}, { processes: { min: 1, max: 1 } });
  assert.equal((await run.get()).status, 503);
  await run.line(/worker-failed: worker 1 \(pid \d+\) could not load the application:$/);
  await run.line(/^ {4}ImportError: the test said so$/);
  await run.line(
    /worker-failed: worker 2 \(pid \d+\) could not load the application, as before: ImportError/,
  );
  run.behave('serve');
  run.signal('SIGHUP');
  await run.line(/reload-finished/);
  assert.equal((await run.get()).status, 200);
  await run.stop();
});

test('a worker that is not ready in time and does not listen is killed', async () => {
  const run = new Run(
    'hang',
    { shutdownTimeoutMs: 10 },
    { processes: { min: 1, max: 1 }, startupTimeoutMs: 10 },
  );
  await run.line(/worker-failed: worker 1 \(pid \d+\) was not ready within 0.01 s/);
  run.signal('SIGTERM');
  assert.deepEqual(await run.exited, [0, null]);
});

test('a second signal makes the stop quick: workers that do not listen are killed', async () => {
  const run = new Run('deaf', { shutdownTimeoutMs: 50 });
  await run.line(READY, 2);
  run.signal('SIGINT');
  run.signal('SIGTERM');
  assert.deepEqual(await run.exited, [0, null]);
  await run.line(/worker-killed: worker \d \(pid \d+\) had not stopped within 0.05 s and was killed/, 2);
  await run.allGone;
});

test('a third signal waits for nothing', async () => {
  const run = new Run('deaf');
  await run.line(READY, 2);
  run.signal('SIGQUIT');
  await run.line(/stopping: at once/);
  run.signal('SIGQUIT');
  assert.deepEqual(await run.exited, [0, null]);
  await run.allGone;
});

test('logs go to the log directory, and to a new file when they were renamed', async () => {
  const directory = join(folder, 'logs');
  const run = new Run('serve', { logs: { level: 'info', directory } });
  await run.serving;
  const path = join(directory, 'error_log');
  assert.match(readFileSync(path, 'utf8'), /server-started: serving at http:/);
  renameSync(path, `${path}.1`);
  run.signal('SIGUSR1');
  await run.stop();
  assert.match(readFileSync(path, 'utf8'), /stopped: /);
});

test('what keeps the server from starting is said on standard error', async () => {
  for (const [changes, application, expected] of [
    [
      { listen: [{ kind: 'tcp', host: '192.0.2.1', port: 80 }] },
      {},
      /^vivarium: cannot listen on 192\.0\.2\.1:80: this/,
    ],
    [
      {},
      { interpreter: '/no/python' },
      /^vivarium: the worker could not be started: \/no\/python: no such file/,
    ],
    [{ http: { serverTokens: true } }, {}, /^vivarium: the test said so$/],
    [{ pidFile: '/no/such/folder/pid' }, {}, /^vivarium: cannot write the pid file .*\(ENOENT\)$/],
  ] as const) {
    const run = new Run('serve', changes, application);
    assert.deepEqual(await run.exited, [1, null]);
    await run.allGone;
    assert.ok(
      run.lines.some((line) => expected.test(line)),
      `${expected} is not in\n${run.lines.join('\n')}`,
    );
    assert.equal(existsSync(run.root), false);
  }
});
