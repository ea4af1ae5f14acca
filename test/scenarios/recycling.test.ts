/** Recycling: workers that have served enough are replaced, one at a time, and nobody who sends requests can tell. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { assertEachRunOnce, CountingLoad } from '../support/counting-load.ts';
import { makeFolder, textApplication } from '../support/folder.ts';
import { NO_PROC } from '../support/processes.ts';
import { getOnce } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

const REPLACEMENTS = 8;

test(`${REPLACEMENTS} replacements under load lose no request and double none`, async (t) => {
  const countFile = `${makeFolder(t)}/count`;
  const limits = ['--processes', '2', '--threads', '4', '--maximum-requests', '50'];
  const common = ['--no-access-log', '--setenv', 'COUNT_FILE', countFile];
  const server = await startServer([`${APPS}counting.py`, ...limits, ...common]);
  t.after(() => server.stop());

  const load = new CountingLoad(server.port, { connections: 16, query: '&ms=2' });
  let from = server.output.length;
  for (let n = 0; n < REPLACEMENTS; n++) {
    const replaced = await server.waitForOutput(/worker-replaced: .*\n/, from);
    from += replaced.index + replaced[0].length;
    await load.waitForAnswers(50);
  }
  const tally = await load.stop();

  const runs = assertEachRunOnce(tally, countFile);
  const processes = new Set([...runs.values()].map(({ pid }) => pid));
  assert.ok(processes.size > REPLACEMENTS, `${processes.size} processes answered`);
  for (const [, pid, count] of server.output.matchAll(
    /\(pid (\d+)\) is replaced: it has answered (\d+) requests/g,
  )) {
    const ran = [...runs.values()].filter((run) => run.pid === Number(pid)).length;
    // It went on until its replacement was ready.
    assert.ok(
      Number(count) <= ran,
      `process ${pid} ran ${ran} requests, and was said to have answered ${count}`,
    );
  }
  assert.doesNotMatch(server.output, /worker-(exited|killed|failed)|request-lost/);
});

const LEAK = `
import os
leaked = []

def application(environ, start_response):
    if environ["PATH_INFO"] == "/leak":
        leaked.append(b"x" * (100 * 2**20))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % os.getpid()]
`;

/** One worker, whose limits are exact. */
async function start(t: TestContext, folder: string, ...limits: string[]): Promise<Server> {
  const settings = ['--processes', '1', '--recycle-jitter', '0', '--log-level', 'debug'];
  const server = await startServer([`${folder}/wsgi.py`, ...settings, ...limits]);
  t.after(() => server.stop());
  return server;
}

async function textOf(server: Server, path = '/'): Promise<string> {
  return (await getOnce(server.port, path)).text;
}

test('a worker that leaks is replaced, and the log says how much it had', { skip: NO_PROC }, async (t) => {
  const server = await start(t, makeFolder(t, { 'wsgi.py': LEAK }), '--memory-limit', '100m');
  const first = await textOf(server);
  assert.equal(await textOf(server, '/leak'), first);
  const [, pid, figure] = await server.waitForOutput(
    /worker-recycled: worker 1 \(pid (\d+)\) is replaced: it uses ([\d.]+) MiB of memory \(memory-limit 100\.0 MiB\)/,
  );
  assert.equal(pid, first);
  assert.ok(Number(figure) >= 100 && Number(figure) < 200, `${figure} MiB`);
  await server.waitForOutput(/worker-replaced: worker 2 \(pid \d+\) took the place of worker 1 /);
  await server.waitForOutput(/worker-exited: worker 1 .* exited with status 0/);
  assert.notEqual(await textOf(server), first);
});

test('a worker that has served and is idle is replaced', async (t) => {
  const server = await start(t, makeFolder(t, { 'wsgi.py': LEAK }), '--inactivity-timeout', '1');
  const first = await textOf(server);
  await server.waitForOutput(/worker-recycled: worker 1 .* it has had no request for [\d.]+ s/);
  await server.waitForOutput(/worker-exited: worker 1 .* exited with status 0/);
  assert.notEqual(await textOf(server), first);
});

const SPIN = `
import os, time

def application(environ, start_response):
    if environ["PATH_INFO"] == "/spin":
        until = time.process_time() + 1
        while time.process_time() < until:
            pass
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%d" % os.getpid()]
`;

test('a worker that spins has used its CPU time and is replaced', { skip: NO_PROC }, async (t) => {
  const server = await start(t, makeFolder(t, { 'wsgi.py': SPIN }), '--cpu-time-limit', '1');
  const first = await textOf(server, '/spin');
  await server.waitForOutput(
    /worker-recycled: worker 1 .* it has used [\d.]+ s of CPU time \(cpu-time-limit 1 s\)/,
  );
  await server.waitForOutput(/worker-exited: worker 1 .* exited with status 0/);
  assert.notEqual(await textOf(server), first);
});

test('a worker that has come to its age is replaced', async (t) => {
  const server = await start(t, makeFolder(t, { 'wsgi.py': SPIN }), '--restart-interval', '2');
  const first = await textOf(server);
  await server.waitForOutput(/worker-recycled: worker 1 .* \(restart-interval 2 s\)/);
  await server.waitForOutput(/worker-exited: worker 1 .* exited with status 0/);
  assert.notEqual(await textOf(server), first);
});

test('a replacement that cannot load leaves the old worker at work, until one can', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('old') });
  const server = await start(t, folder, '--maximum-requests', '3');
  writeFileSync(`${folder}/wsgi.py`, 'raise RuntimeError("broken")\n');
  for (let n = 0; n < 3; n++) assert.equal(await textOf(server), 'old');
  await server.waitForOutput(/worker-recycled: .* it has answered 3 requests \(maximum-requests 3\)/);
  await server.waitForOutput(/recycling-failed: worker 2 .* RuntimeError: broken\. worker 1 .* goes on/);
  assert.equal(await textOf(server), 'old');
  writeFileSync(`${folder}/wsgi.py`, textApplication('mended'));
  await server.waitForOutput(/worker-exited: worker 1 .* exited with status 0/);
  assert.equal(await textOf(server), 'mended');
});
