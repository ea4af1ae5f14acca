/**
 * Applications that misbehave, each in a way of its own: what its client gets, what the log says, and that the site goes
 * on. Requests that never end are in deadlines.test.ts.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const NATIVE = `
import ctypes
libc = ctypes.PyDLL(None)

def wait_with_the_interpreter():
    mutex = ctypes.create_string_buffer(64)
    libc.pthread_mutex_lock(mutex)
    libc.pthread_mutex_lock(mutex)
`;

const APPLICATION = `
import os, time
${NATIVE}
def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/deadlock":
        wait_with_the_interpreter()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % os.getpid()]
`;

async function start(t: TestContext, source: string, ...limits: string[]): Promise<Server> {
  const folder = makeFolder(t, { 'wsgi.py': source });
  const common = ['--processes', '1', '--threads', '2', '--shutdown-timeout', '500ms'];
  const server = await startServer([`${folder}/wsgi.py`, ...common, ...limits]);
  t.after(() => server.stop());
  return server;
}

async function assertServes(server: Server): Promise<void> {
  assert.equal((await getOnce(server.port, '/')).status, 200);
}

test('a request that holds the interpreter in C: the worker is replaced, and others wait for that', async (t) => {
  const server = await start(t, APPLICATION, '--deadlock-timeout', '2');
  const stuck = getOnce(server.port, '/deadlock');
  const [, stacks] = await server.waitForOutput(
    /worker-deadlocked: worker 1 .* has not run Python code for \d s \(deadlock-timeout 2 s\): .*\n((?: {4}.*\n)+)/,
  );
  assert.match(stacks!, /File ".*wsgi\.py", line \d+ in wait_with_the_interpreter\n.*in application\n/);
  if (process.platform === 'linux') assert.match(stacks!, /native thread \d+ .* waits in futex/);
  await assertServes(server);
  await server.waitForOutput(/worker-recycled: worker 1 .* is replaced: it has not run Python code/);
  await server.waitForOutput(/worker-replaced: worker 2 .* took the place of worker 1 /);
  assert.equal((await stuck).status, 502);
  await server.waitForOutput(
    /request-lost: \[request \S+\] GET \/deadlock .* worker 1 .* was killed by SIGKILL/,
  );
  await assertServes(server);
});

for (const [how, line, name] of [
  ['sleeps', 'time.sleep(1000)', 'connect'],
  ['holds the interpreter in C', 'wait_with_the_interpreter()', 'wait_with_the_interpreter'],
] as const) {
  test(`an application that ${how} while it is loaded: its stack is in the log`, async (t) => {
    const source = `import time\n${NATIVE}\ndef connect():\n    ${line}\nconnect()\n`;
    const server = await start(t, source, '--startup-timeout', '1');
    const [, stack] = await server.waitForOutput(
      /worker-failed: worker 1 .* was not ready within 1 s:\n((?: {4}.*\n)+)/,
    );
    assert.match(stack!, new RegExp(`File ".*wsgi\\.py", line \\d+ in ${name}\\n`));
    assert.match(stack!, /in <module>\n$/);
    assert.equal((await getOnce(server.port, '/')).status, 503);
  });
}
