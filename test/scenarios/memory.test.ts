/** memory-limit-hard: an application that takes all it can get, in small pieces, costs no request but its own. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { NO_PROC } from '../support/processes.ts';
import { getOnce } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const APPLICATION = `
import os
kept = []

def fill():
    while True:
        kept.append([object() for _ in range(1000)])

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/fill":
        fill()
    if path == "/swallow":
        try:
            fill()
        except MemoryError:
            pass
    if path == "/large":
        kept.append(b"x" * 2**34)
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % os.getpid()]
`;

async function start(t: TestContext, ...limits: string[]): Promise<Server> {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  const capacity = ['--processes', '1', '--threads', '3', '--recycle-jitter', '0', '--no-access-log'];
  const server = await startServer([`${folder}/wsgi.py`, ...capacity, ...limits]);
  t.after(() => server.stop());
  return server;
}

for (const [path, status] of [
  ['/fill', 500],
  ['/swallow', 200],
] as const) {
  test(`a request that fills the memory in small pieces (${path})`, { skip: NO_PROC }, async (t) => {
    const server = await start(t, '--memory-limit-hard', '160m');
    assert.equal((await getOnce(server.port, path)).status, status);
    await server.waitForOutput(
      /worker-recycled: worker 1 .* it has [\d.]+ MiB of private memory \(90 % of memory-limit-hard, 144\.0 MiB\)/,
    );
    await server.waitForOutput(/worker-replaced: worker 2 .* took the place of worker 1 /);
    assert.equal((await getOnce(server.port, '/')).status, 200);
    assert.doesNotMatch(server.output, /worker-exited|request-lost/);
  });
}

test('a request that asks for too much at once: the worker is as well as before', {
  skip: NO_PROC,
}, async (t) => {
  const server = await start(t, '--memory-limit-hard', '200m');
  const pid = (await getOnce(server.port, '/')).text;
  assert.equal((await getOnce(server.port, '/large')).status, 500);
  await server.waitForOutput(/application-exception: .* GET \/large\n( .*\n)+ +MemoryError/);
  assert.equal((await getOnce(server.port, '/')).text, pid);
});

test('an application that cannot be loaded with so little', { skip: NO_PROC }, async (t) => {
  const server = await start(t, '--memory-limit-hard', '16m');
  await server.waitForOutput(
    /worker-failed: worker 1 .* could not load the application:\n( .*\n)*.*(MemoryError|thread)/,
  );
  assert.equal((await getOnce(server.port, '/')).status, 503);
});
