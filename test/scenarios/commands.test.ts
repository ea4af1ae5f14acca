/** Applications that a command of their own serves: how it gets its socket, and what becomes of it. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { isRunning, PYTHON, pidOf, startCommand, startOwnServer } from '../support/own-server.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { APPS, runVivarium } from '../support/vivarium.ts';

for (const words of ['fd:{fd}', 'announced', 'unix:{socket}', 'port:{port}']) {
  test(`a command is reached at its socket: ${words}`, async (t) => {
    const server = await startOwnServer(t, words, '--mount-point', '/own');
    const { status, text } = await getOnce(server.port, '/own/a%20b');
    assert.equal(status, 200);
    assert.match(text, /^\d+ \/a%20b \/own 127\.0\.0\.1$/);
    assert.equal((await getOnce(server.port, '/other')).status, 404);
    const { output } = await runVivarium(['status', '--server-root', rootOf(server.output)]);
    assert.match(output, /^ +1 +\d+ +active /m);
  });
}

test('a WebSocket passes through it', async (t) => {
  const server = await startOwnServer(t);
  const client = await RawClient.open(server.port);
  await client.request('GET /chat', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: a']);
  assert.equal((await client.readHead()).status, 101);
  await client.send('hello\n');
  assert.equal(await client.readThrough('\n'), 'echo hello\n');
  client.close();
});

test('one that dies is started again, on the same socket, and what it had started is ended', async (t) => {
  const server = await startOwnServer(t, 'fd:{fd} forking');
  const [, child] = await server.waitForOutput(/stdout: child (\d+)/);
  const before = await pidOf(server);
  assert.equal((await getOnce(server.port, '/die')).status, 502);
  // What is asked now waits until it is there again.
  const after = await pidOf(server);
  assert.notEqual(after, before);
  await server.waitForOutput(/worker-exited: worker 1 \(pid \d+\) exited with status 7/);
  await server.waitForOutput(/worker-replaced: worker 2 \(pid \d+\) took the place of worker 1 /);
  assert.equal(isRunning(Number(child)), false);
});

test('one that ends at once is explained, and tried again', async (t) => {
  const folder = makeFolder(t);
  const script = `[ -e ${folder}/go ] || { echo "no such luck" >&2; exit 3; }; exec ${PYTHON} own_server.py fd:3`;
  const server = await startCommand(t, `sh -c '${script}'`);
  await server.waitForOutput(/worker-exited: worker 1 \(pid \d+\) exited with status 3: no such luck/);
  await server.waitForOutput(/\[sh worker 1 \(\d+\)\] stderr: no such luck/);
  assert.equal((await getOnce(server.port, '/')).status, 503);
  writeFileSync(`${folder}/go`, '');
  await server.waitForOutput(/worker-(started|replaced): worker \d+ /);
  assert.equal((await getOnce(server.port, '/')).status, 200);
});

test('one that does not listen is not waited for', async (t) => {
  const server = await startOwnServer(t, 'nowhere', '--startup-timeout', '1');
  await server.waitForOutput(/worker-failed: worker 1 \(pid \d+\) was not ready within 1 s/);
  await server.waitForOutput(
    /it has not accepted and closed .* at descriptor 3\. The command has no \{fd\}, \{socket\} or \{port\}/,
  );
  assert.equal((await getOnce(server.port, '/')).status, 503);
});

test('with a ready-path it has to answer that', async (t) => {
  const server = await startOwnServer(t, 'port:{port}', '--ready-path', '/ready');
  assert.match((await getOnce(server.port, '/')).text, /^\d+ \/ /);
});

test('one that ignores SIGTERM is killed', async (t) => {
  const server = await startOwnServer(t, 'fd:{fd} stubborn', '--shutdown-timeout', '1');
  const pid = await pidOf(server);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.match(server.output, /worker-killed: worker 1 \(pid \d+\) had not stopped within 1 s/);
  assert.equal(isRunning(pid), false);
});

test('stop-signal says what it is told to stop by', async (t) => {
  const server = await startOwnServer(t, 'fd:{fd} stubborn', '--stop-signal', 'INT');
  const pid = await pidOf(server);
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
  assert.doesNotMatch(server.output, /worker-killed/);
  assert.equal(isRunning(pid), false);
});

test('a reload starts the new one first; when that fails the old one goes on', async (t) => {
  const folder = makeFolder(t);
  const script = `[ ! -e ${folder}/broken ] || exit 5; exec ${PYTHON} own_server.py fd:3`;
  const server = await startCommand(t, `sh -c '${script}'`);
  const reload = () => runVivarium(['reload', '--server-root', rootOf(server.output)]);
  const first = await pidOf(server);
  writeFileSync(`${folder}/broken`, '');
  const refused = await reload();
  assert.equal(refused.code, 1);
  assert.match(refused.output, /worker 2 \(pid \d+\) exited with status 5/);
  assert.equal(await pidOf(server), first);
  rmSync(`${folder}/broken`);
  assert.equal((await reload()).code, 0);
  const second = await pidOf(server);
  assert.notEqual(second, first);
  await server.waitForOutput(/reload-finished/);
});

test('it outlives a gateway', async (t) => {
  const server = await startOwnServer(t);
  const pid = await pidOf(server);
  const { output } = await runVivarium(['status', '--json', '--server-root', rootOf(server.output)]);
  process.kill(JSON.parse(output).gateway.pid, 'SIGKILL');
  await server.waitForOutput(/gateway-replaced/);
  assert.equal(await pidOf(server), pid);
});

test('it ends with its supervisor', { skip: process.platform !== 'linux' && 'only Linux can' }, async (t) => {
  const server = await startOwnServer(t);
  const client = await RawClient.open(server.port);
  await client.request('GET /chat', ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: a']);
  await client.readHead();
  server.signal('SIGKILL');
  await server.exited;
  await client.waitForEnd();
});

test('it is replaced at its limits, with others to the rest of the requests', async (t) => {
  const server = await startOwnServer(t, 'fd:{fd}', '--maximum-requests', '2', '--recycle-jitter', '0');
  const before = await pidOf(server);
  await getOnce(server.port, '/');
  await server.waitForOutput(
    /worker-recycled: worker 1 \(pid \d+\) is replaced: it has answered \d+ requests/,
  );
  await server.waitForOutput(/worker-replaced: worker 2 /);
  assert.notEqual(await pidOf(server), before);
});

test('as many are started as are needed, none at first', async (t) => {
  const server = await startOwnServer(t, 'fd:{fd}', '--processes', '0:2');
  assert.doesNotMatch(server.output, /worker-started/);
  assert.ok((await pidOf(server)) > 0);
});

test('what is wrong with it keeps the server from starting', async () => {
  const command = ['serve', '--port', '0', '--working-directory', APPS, '--command'];
  const { code, output } = await runVivarium([...command, 'no-such-server --fd {fd}']);
  assert.equal(code, 2);
  assert.match(output, /--command: found "no-such-server"; no such program in /);
});

function rootOf(output: string): string {
  return /^Server Root +: (.*)$/m.exec(output)![1]!;
}
