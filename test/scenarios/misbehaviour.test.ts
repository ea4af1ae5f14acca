/**
 * Applications that misbehave, each in a way of its own: what its client gets, what the log says, and that the site goes
 * on. Requests that never end are in deadlines.test.ts.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce, getUntil, RawClient } from '../support/raw-client.ts';
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
import os, subprocess, sys, time
${NATIVE}
class RaisesInClose:
    def __iter__(self):
        yield b"whole"
    def close(self):
        raise ValueError("in close")

def fork():
    if os.fork() == 0:
        raise RuntimeError("the child goes on as if it were the worker")

def recurse():
    recurse()

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/deadlock":
        wait_with_the_interpreter()
    if path == "/sleep":
        time.sleep(1)
    if path == "/spin":
        while True:
            pass
    if path == "/exit":
        os._exit(7)
    if path == "/sys-exit":
        sys.exit(7)
    if path == "/segfault":
        ctypes.string_at(0)
    if path == "/fork":
        fork()
    if path == "/recurse":
        recurse()
    if path == "/raises-in-close":
        start_response("200 OK", [("Content-Type", "text/plain")])
        return RaisesInClose()
    if path == "/spawns":
        subprocess.Popen(["sleep", "9"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
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

test('a request that ends the process, and one that crashes it', async (t) => {
  const server = await start(t, APPLICATION);
  for (const [path, end] of [
    ['/exit', 'exited with status 7'],
    ['/segfault', 'was killed by SIGSEGV \\(segmentation fault\\)'],
  ] as const) {
    const from = server.output.length;
    assert.equal((await getOnce(server.port, path)).status, 502);
    await server.waitForOutput(new RegExp(`worker-exited: worker \\d \\(pid \\d+\\) ${end}`), from);
    await server.waitForOutput(
      new RegExp(
        `request-lost: \\[request \\S+\\] GET ${path} from \\S+: worker \\d .*, which ran it, ${end}`,
      ),
      from,
    );
    await assertServes(server);
  }
  assert.match(server.output, /Fatal Python error: Segmentation fault/);
});

test('what is raised in a request, whatever it is, ends that request alone', async (t) => {
  const server = await start(t, APPLICATION);
  const pid = (await getOnce(server.port, '/')).text;
  for (const [path, status, error] of [
    ['/sys-exit', 500, 'SystemExit: 7'],
    ['/recurse', 500, 'RecursionError: maximum recursion depth exceeded'],
    ['/raises-in-close', 200, 'ValueError: in close'],
  ] as const) {
    const from = server.output.length;
    assert.equal((await getOnce(server.port, path)).status, status);
    await server.waitForOutput(
      new RegExp(`application-exception: \\[request \\S+\\] GET ${path}\\n( .*\\n)* +${error}`),
      from,
    );
  }
  assert.equal((await getOnce(server.port, '/')).text, pid);
});

test('a request that spins in Python: 504, and the process works on', async (t) => {
  const server = await start(t, APPLICATION, '--request-timeout', '500ms');
  const pid = (await getOnce(server.port, '/')).text;
  const [spinning, other] = await Promise.all([getOnce(server.port, '/spin'), getOnce(server.port, '/')]);
  assert.deepEqual([spinning.status, other.status], [504, 200]);
  await server.waitForOutput(/request-timeout: .* GET \/spin .*:\n( .*\n)* +(while True:|pass)\n/);
  await server.waitForOutput(/request-interrupted: .* GET \/spin .* it has ended/);
  assert.equal((await getOnce(server.port, '/')).text, pid);
});

test('a request whose body nobody reads: the connection is kept and in step', async (t) => {
  const server = await start(t, APPLICATION);
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  for (const size of [100, 100_000, 5_000_000])
    assert.equal((await client.post('/', 'x'.repeat(size))).status, 200);
  assert.equal((await client.get('/')).status, 200);
});

test('a request that forks: the child answers nothing, and holds nothing open', async (t) => {
  const server = await start(t, APPLICATION);
  for (const path of ['/fork', '/spawns']) {
    const from = server.output.length;
    const client = await RawClient.open(server.port);
    const answer = await client.get(path, ['Connection: close']);
    assert.equal(answer.status, 200);
    await client.waitForEnd();
    if (path === '/fork') await server.waitForOutput(/the child goes on as if it were the worker/, from);
  }
  await assertServes(server);
  assert.equal((await server.stop()).code, 0);
});

test('a worker that somebody tells to go by SIGUSR1 is replaced, and finishes its request', async (t) => {
  const server = await start(t, APPLICATION, '--eviction-timeout', '20');
  const pid = (await getOnce(server.port, '/')).text;
  const running = getOnce(server.port, '/sleep');
  await server.waitForOutput(/"GET \/ HTTP/);
  process.kill(Number(pid), 'SIGUSR1');
  await server.waitForOutput(/worker-recycled: worker 1 .* is replaced: it was told to go by SIGUSR1/);
  await server.waitForOutput(/worker-replaced: worker 2 .* took the place of worker 1 /);
  await getUntil(server.port, '/', ({ text }) => text !== pid);
  assert.equal((await running).text, pid);
  assert.doesNotMatch(server.output, /\[(warn|error)\]/);
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
