/** request-timeout: each request has its own deadline, and one that never ends takes nothing else with it. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { CountingLoad, readRuns } from '../support/counting-load.ts';
import { makeFolder } from '../support/folder.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

const APPLICATION = `
import os, sys, threading, time
import vivarium
sys.path.insert(0, ${JSON.stringify(APPS)})
import counting

def sleep_in_steps():
    try:
        while True:
            time.sleep(0.01)
    except vivarium.RequestTimeout:
        print("cleaned up")
        raise

def wait_for_ever():
    lock = threading.Lock()
    lock.acquire()
    lock.acquire()

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/":
        return counting.application(environ, start_response)
    if path == "/steps":
        sleep_in_steps()
    if path == "/for-ever":
        wait_for_ever()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/stream":
        return stream()
    return [b"%d" % os.getpid()]

def stream():
    while True:
        yield b"x"
        time.sleep(0.01)
`;

const LINE_OF = (call: string) => APPLICATION.split('\n').findIndex((line) => line.trim() === call) + 1;

async function start(t: TestContext, ...limits: string[]): Promise<{ server: Server; countFile: string }> {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  const countFile = `${folder}/count`;
  const common = ['--no-access-log', '--setenv', 'COUNT_FILE', countFile];
  const server = await startServer([`${folder}/wsgi.py`, '--processes', '1', ...common, ...limits]);
  t.after(() => server.stop());
  return { server, countFile };
}

test('a request that sleeps gets 504, the log says where it was, and its thread works on', async (t) => {
  const { server } = await start(t, '--threads', '1', '--request-timeout', '500ms');
  const pid = (await getOnce(server.port, '/pid')).text;
  const slow = await getOnce(server.port, '/steps');
  assert.equal(slow.status, 504);
  const [, phase, stack] = await server.waitForOutput(
    /request-timeout: \[request \S+\] GET \/steps from 127\.0\.0\.1: (.*) for [\d.]+ s in worker 1 \(pid \d+\) \(request-timeout 0\.5 s\):\n((?: {4}.*\n)+)/,
  );
  assert.equal(phase, 'running');
  assert.match(stack!, new RegExp(`wsgi\\.py", line ${LINE_OF('time.sleep(0.01)')}, in sleep_in_steps`));
  await server.waitForOutput(/stdout: \[request \S+\] cleaned up/);
  await server.waitForOutput(/request-interrupted: .*GET \/steps.* it has ended/);
  // There is one thread: it is back.
  assert.equal((await getOnce(server.port, '/pid')).text, pid);
  assert.doesNotMatch(server.output, /application-exception|request-failed|request-lost|worker-recycled/);
});

test('a stream that does not end is cut', async (t) => {
  const { server } = await start(t, '--threads', '1', '--request-timeout', '500ms');
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  const answer = await client.get('/stream');
  assert.deepEqual([answer.status, answer.complete], [200, false]);
  await server.waitForOutput(/request-timeout: .*GET \/stream.* writing its answer for/);
  assert.equal((await getOnce(server.port, '/pid')).status, 200);
});

test('a request that nothing ends: its worker is replaced, and no other request is lost', async (t) => {
  const limits = ['--threads', '4', '--request-timeout', '1', '--interrupt-timeout', '500ms'];
  const { server, countFile } = await start(t, ...limits, '--shutdown-timeout', '1');
  const load = new CountingLoad(server.port, { connections: 6, query: '&ms=2' });
  const stuck = await getOnce(server.port, '/for-ever');
  assert.equal(stuck.status, 504);
  const [, stack] = await server.waitForOutput(/request-timeout: .*GET \/for-ever.*\n((?: {4}.*\n)+)/);
  assert.match(stack!, /in wait_for_ever/);
  await server.waitForOutput(
    /worker-recycled: worker 1 .* is replaced: .*GET \/for-ever.* does not end \(interrupt-timeout 0\.5 s\)/,
  );
  await server.waitForOutput(/worker-replaced: worker 2 .* took the place of worker 1 /);
  await server.waitForOutput(/worker-(exited|killed): worker 1 /);
  await load.waitForAnswers(50);
  const tally = await load.stop();
  assert.deepEqual([tally.cut, tally.refused, tally.mixedUp], [[], 0, []]);
  assert.deepEqual(
    [...tally.answered].filter(([, status]) => status !== 200),
    [],
  );
  assert.equal(readRuns(countFile).size, tally.answered.size);
  assert.doesNotMatch(server.output, /request-lost/);
});
