/** What the supervisor does for an operator: names what died, replaces it, stops in time, and leaves nothing running. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

/** `/wait` says its pid in the log and answers when somebody has written into the pipe. */
const APPLICATION = `
import ctypes, os, sys

def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path == "/segfault":
        ctypes.string_at(0)
    if path == "/exit":
        os._exit(7)
    if path == "/wait":
        print("waiting", os.getpid(), file=sys.stderr, flush=True)
        open(os.environ["PIPE"]).read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d %d %d" % (os.getpid(), os.getuid(), os.getgid())]
`;

interface Started {
  readonly server: Server;
  readonly folder: string;
  readonly pipe: string;
}

async function start(t: TestContext, ...args: string[]): Promise<Started> {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  chmodSync(folder, 0o755);
  const pipe = `${folder}/pipe`;
  execFileSync('mkfifo', [pipe]);
  const common = [`${folder}/wsgi.py`, '--threads', '4', '--no-access-log', '--setenv', 'PIPE', pipe];
  const server = await startServer([...common, ...args]);
  t.after(() => server.stop());
  return { server, folder, pipe };
}

for (const [path, cause] of [
  ['/segfault', 'was killed by SIGSEGV \\(segmentation fault\\)'],
  ['/exit', 'exited with status 7'],
]) {
  test(`a worker that ${cause} is named, with the request that it took along`, async (t) => {
    const { server } = await start(t, '--processes', '1');
    assert.equal((await getOnce(server.port, path!)).status, 502);
    await server.waitForOutput(
      new RegExp(`request-lost: .* GET ${path} .* worker 1 \\(pid \\d+\\).* ${cause}`),
    );
    await server.waitForOutput(new RegExp(`worker-exited: worker 1 \\(pid \\d+\\) ${cause}`));
    assert.equal((await getOnce(server.port, '/')).status, 200);
  });
}

test('a worker that somebody else stops finishes its request while another one takes its place', async (t) => {
  const { server, pipe } = await start(t, '--processes', '1');
  const answer = getOnce(server.port, '/wait');
  const [, pid] = await server.waitForOutput(/waiting (\d+)/);
  process.kill(Number(pid), 'SIGTERM');
  await server.waitForOutput(/worker-replaced: worker 2 /);
  writeFileSync(pipe, 'go on');
  assert.deepEqual((await answer).text.split(' ')[0], pid);
  assert.notEqual((await getOnce(server.port, '/')).text.split(' ')[0], pid);
});

test('a second Ctrl-C does not wait for requests', async (t) => {
  const { server } = await start(t, '--processes', '1', '--shutdown-timeout', '1');
  const answer = getOnce(server.port, '/wait').catch(() => null);
  await server.waitForOutput(/waiting \d+/);
  server.signal('SIGINT');
  await server.waitForOutput(/stopping: /);
  server.signal('SIGINT');
  assert.deepEqual(await server.exited, { code: 0, signal: null });
  await answer;
});

test('a request that outlasts graceful-timeout at a stop: 502, and both logs name it', async (t) => {
  const limits = ['--graceful-timeout', '500ms', '--shutdown-timeout', '1', '--access-log'];
  const { server } = await start(t, '--processes', '1', ...limits);
  const answer = getOnce(server.port, '/wait');
  await server.waitForOutput(/waiting \d+/);
  server.signal('SIGTERM');
  assert.equal((await answer).status, 502);
  assert.deepEqual(await server.exited, { code: 0, signal: null });
  assert.match(
    server.output,
    /request-lost: \[request \S+\] GET \/wait from 127\.0\.0\.1: the gateway stops.* worker 1 /,
  );
  assert.match(server.output, /"GET \/wait HTTP\/1\.1" 502 /);
  assert.doesNotMatch(server.output, /gateway-killed/);
});

test('when the supervisor is killed, the gateway and the workers end by themselves', async (t) => {
  // Nobody is left to remove the server root but this test.
  const { server } = await start(t, '--server-root', makeFolder(t));
  server.signal('SIGKILL');
  // It resolves when the last process that can write to the terminal is gone.
  await server.exited;
});

test('a worker that hangs while it loads is stopped and tried again; the server answers 503', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': 'import time\nwhile True: time.sleep(60)\n' });
  const limits = ['--processes', '1', '--startup-timeout', '1', '--shutdown-timeout', '1'];
  const server = await startServer([`${folder}/wsgi.py`, ...limits]);
  t.after(() => server.stop());
  assert.equal((await getOnce(server.port, '/')).status, 503);
  await server.waitForOutput(/worker-failed: worker 1 \(pid \d+\) was not ready within 1 s/);
  await server.waitForOutput(/worker-failed: worker 2 \(pid \d+\) was not ready within 1 s/);
});

/** An interpreter that other users can run too, unlike one in a home directory. */
const PYTHON = '/usr/bin/python3';

function whyNotAnotherUser(): string | false {
  if (process.getuid!() !== 0) return 'only root can change user';
  return existsSync(PYTHON) ? false : `there is no ${PYTHON}`;
}

test('started as root, gateway and workers run as another user', { skip: whyNotAnotherUser() }, async (t) => {
  const { server } = await start(t, '--user', 'nobody', '--python', PYTHON);
  const [, uid, gid] = (await getOnce(server.port, '/')).text.split(' ').map(Number);
  assert.deepEqual([uid, gid], [65534, 65534]);
  for (const child of readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8')
    .trim()
    .split(' ')) {
    assert.equal(statSync(`/proc/${child}`).uid, 65534, `process ${child}`);
  }
});
