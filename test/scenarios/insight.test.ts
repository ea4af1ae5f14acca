/** What a running server can be asked: requests in flight, events, and whether all is well. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import type { RequestsInFlight } from '../../src/control/messages.ts';
import type { ServerEvent, ServerStatus } from '../../src/control/protocol.ts';
import { makeFolder, textApplication } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import { runVivarium, startServer, VivariumProcess } from '../support/vivarium.ts';

/** A request is held until the file `release` is there. */
const HOLDING = `
import os, time

def hold():
    while not os.path.exists(os.environ['RELEASE']):
        time.sleep(0.01)

def application(environ, start_response):
    print('holding', flush=True)
    hold()
    start_response('200 OK', [])
    return [b'']
`;

test('requests in flight with the stack of each, and which of them wait', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': HOLDING });
  const root = `${folder}/root`;
  const release = `${folder}/release`;
  const args = ['--processes', '1', '--threads', '1', '--server-root', root, '--setenv', 'RELEASE', release];
  const server = await startServer([`${folder}/wsgi.py`, ...args]);
  t.after(() => server.stop());
  const empty = await runVivarium(['ps', '--server-root', root]);
  assert.equal(empty.output, 'There are no requests in flight.\n');
  const first = getOnce(server.port, '/first?x=1');
  await server.waitForOutput(/holding/);
  const second = getOnce(server.port, '/second');
  let requests: RequestsInFlight;
  do {
    const { output } = await runVivarium(['ps', '--stacks', '--json', '--server-root', root]);
    requests = JSON.parse(output);
  } while (requests.total < 2);
  const [running, queued] = requests.oldest;
  assert.deepEqual(
    requests.oldest.map(({ method, target, client, phase }) => [method, target, client, phase]),
    [
      ['GET', '/first?x=1', '127.0.0.1', 'running'],
      ['GET', '/second', '127.0.0.1', 'queued'],
    ],
  );
  assert.match(running!.stack!, /wsgi\.py", line \d+, in application[\s\S]*in hold/);
  assert.deepEqual([running!.worker, queued!.worker, queued!.stack], [1, null, null]);
  const { code, output } = await runVivarium(['ps', '--stacks', '--server-root', root]);
  assert.equal(code, 0);
  assert.match(output, /running +1 +\d+ +127\.0\.0\.1 +\S+ +GET \/first\?x=1\n +File .*in application$/m);
  await runVivarium(['reload', '--server-root', root]);
  const during = await runVivarium(['ps', '--server-root', root]);
  assert.match(during.output, /running +1 .*\/first/, 'a request of a worker that retires is listed');
  writeFileSync(release, '');
  await Promise.all([first, second]);
});

/** Waits for the status to list a process that has ended, and why it had to. */
async function untilGone(root: string, process: RegExp, reason: string): Promise<void> {
  for (;;) {
    const status: ServerStatus = JSON.parse(
      (await runVivarium(['status', '--json', '--server-root', root])).output,
    );
    const exit = status.exits.find((one) => process.test(one.process));
    if (exit !== undefined) return assert.equal(exit.reason, reason);
  }
}

test('events are followed from one process to the next, to the end of the server', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('x') });
  const root = `${folder}/root`;
  const server = await startServer([
    `${folder}/wsgi.py`,
    '--processes',
    '1',
    '--log-level',
    'error',
    '--server-root',
    root,
  ]);
  t.after(() => server.stop());
  const follower = new VivariumProcess(['events', '--json', '--server-root', root]);
  t.after(() => follower.stop());
  await follower.waitForOutput(/"server-started"/);
  const { pid } = JSON.parse((await runVivarium(['workers', '--json', '--server-root', root])).output)[0];
  process.kill(pid, 'SIGKILL');
  await follower.waitForOutput(/"worker-replaced"/);
  const restarted = await runVivarium(['restart', '--server-root', root]);
  assert.match(restarted.output, /^restarted: a new gateway/m);
  await follower.waitForOutput(/"reload-finished"/);
  await untilGone(root, /^the gateway/, 'was replaced by a restart or by a reload of the settings');
  assert.equal((await getOnce(server.port, '/')).text, 'x');
  const recent = await runVivarium(['events', '--no-follow', '--recent', '1', '--server-root', root]);
  assert.match(recent.output, /^\d{4}-\d\d-\d\d [\d:.]+ \[\w+\] \[\w+ \d+\] [a-z-]+: .*\n$/);
  await server.stop();
  assert.deepEqual(await follower.exited, { code: 0, signal: null });
  const events = follower.output
    .trimEnd()
    .split('\n')
    .map((line): ServerEvent => JSON.parse(line));
  const killed = events.find(({ code }) => code === 'worker-exited')!;
  assert.equal(killed.level, 'warn');
  assert.match(killed.message, new RegExp(`pid ${pid}\\) was killed by SIGKILL`));
  assert.equal(events.at(-1)!.code, 'stopped');
});

test('the exit status of status says whether requests are answered', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': 'raise RuntimeError("broken")\n' });
  const root = `${folder}/root`;
  const server = await startServer([`${folder}/wsgi.py`, '--processes', '1', '--server-root', root]);
  t.after(() => server.stop());
  const { code, output } = await runVivarium(['status', '--server-root', root]);
  assert.equal(code, 1);
  assert.match(output, /^Problem +: the application .* is not available: .*RuntimeError: broken$/m);
  const json = await runVivarium(['status', '--json', '--server-root', root]);
  assert.equal(json.code, 1);
  assert.equal(JSON.parse(json.output).problems.length, 1);
});
