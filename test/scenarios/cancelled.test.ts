/** Clients that go away: the request is dropped while it waits and stopped while it runs, and the access log says 499. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

/** `/hold` runs until a file appears. */
const APPLICATION = `
import os, time

class Endless:
    def __iter__(self):
        return self
    def __next__(self):
        time.sleep(0.01)
        return b"x"
    def close(self):
        print("closed the endless answer")

def application(environ, start_response):
    path = environ["PATH_INFO"]
    print("runs", path)
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/endless":
        return Endless()
    if path == "/hold":
        while not os.path.exists(os.environ["GATE"]):
            time.sleep(0.01)
    return [b"fine"]
`;

async function start(t: TestContext): Promise<{ server: Server; open: () => void }> {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  const gate = `${folder}/gate`;
  const capacity = ['--processes', '1', '--threads', '1'];
  const server = await startServer([`${folder}/wsgi.py`, ...capacity, '--setenv', 'GATE', gate]);
  t.after(() => server.stop());
  return { server, open: () => writeFileSync(gate, '') };
}

const WAYS: readonly [string, (client: RawClient) => void][] = [
  ['closes its connection', (client) => client.socket.destroy()],
  ['closes its half of the connection', (client) => client.socket.end()],
  ['resets its connection', (client) => client.socket.resetAndDestroy()],
];

for (const [how, leave] of WAYS) {
  test(`a client that ${how} while its request runs, and one while its request waits`, async (t) => {
    const { server, open } = await start(t);
    const running = await RawClient.open(server.port);
    await running.request('GET /hold');
    await server.waitForOutput(/runs \/hold/);
    const waiting = await RawClient.open(server.port);
    await waiting.request('GET /never');
    const patient = getOnce(server.port, '/patient');
    // The gateway has read it when it refuses what comes after it. A reset would take along what is not read.
    assert.equal((await getOnce(server.port, 'no-path')).status, 400);
    leave(waiting);
    await server.waitForOutput(/"GET \/never HTTP\/1\.1" 499 /);
    // Its thread is still at it: nobody else is answered before it is done.
    leave(running);
    await server.waitForOutput(/"GET \/hold HTTP\/1\.1" 499 /);
    open();
    assert.equal((await patient).text, 'fine');
    assert.doesNotMatch(server.output, /runs \/never/);
    assert.doesNotMatch(server.output, /\[error\]/);
  });

  test(`a client that ${how} while it is answered: the iterable is closed`, async (t) => {
    const { server } = await start(t);
    const client = await RawClient.open(server.port);
    await client.request('GET /endless');
    await client.readHead();
    leave(client);
    await server.waitForOutput(/closed the endless answer/);
    await server.waitForOutput(/"GET \/endless HTTP\/1\.1" (200|499) /);
    assert.equal((await getOnce(server.port, '/next')).text, 'fine');
  });
}

test('a client that has sent more requests than it waits for', async (t) => {
  const { server, open } = await start(t);
  const client = await RawClient.open(server.port);
  await client.request('GET /hold');
  await client.request('GET /pipelined');
  await server.waitForOutput(/runs \/hold/);
  client.close();
  await server.waitForOutput(/"GET \/hold HTTP\/1\.1" 499 /);
  open();
  assert.equal((await getOnce(server.port, '/next')).text, 'fine');
  assert.doesNotMatch(server.output, /runs \/pipelined/);
});
