/** The status page of the real server, while a request is under way. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/vivarium.ts';

const APPLICATION = `
import threading
going = threading.Event()
def application(environ, start_response):
    if environ['PATH_INFO'] == '/go':
        going.set()
    elif environ['PATH_INFO'] == '/wait':
        print('waiting', flush=True)
        going.wait(20)
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [b'ok']
`;

test('--server-status shows requests, workers and totals', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  const size = ['--processes', '1', '--threads', '4'];
  const server = await startServer([`${folder}/wsgi.py`, ...size, '--server-status']);
  t.after(() => server.stop());
  const waiting = await RawClient.open(server.port);
  t.after(() => waiting.close());
  await waiting.request('GET /wait?name=<b>');
  await server.waitForOutput(/waiting/);

  const json = await getOnce(server.port, '/server-status', ['Accept: application/json']);
  const report = JSON.parse(json.text);
  // The one that waits, and this one.
  assert.equal(report.requests.inFlight, 2);
  assert.equal(report.inFlight.length, 1);
  assert.equal(report.inFlight[0].target, '/wait?name=<b>');
  const [worker] = report.applications[0].workers;
  assert.deepEqual([worker.state, worker.threads, worker.inFlight], ['active', 4, 1]);
  assert.ok(worker.usage.residentBytes > 1_000_000);
  assert.ok(report.startedAt <= report.now);

  const html = await getOnce(server.port, '/server-status', ['Accept: text/html']);
  assert.match(html.text, /\/wait\?name=&lt;b&gt;/);
  const auto = await getOnce(server.port, '/server-status?auto');
  assert.match(auto.text, /^BusyWorkers: 1\nIdleWorkers: 3$/m);
  assert.match(auto.text, /^Total Accesses: 4$/m);
  assert.equal((await getOnce(server.port, '/server-status', ['X-Forwarded-For: 192.0.2.7'])).status, 403);

  await getOnce(server.port, '/go');
  assert.equal((await waiting.readResponse()).text, 'ok');
});

test('without it there is no such page, and a route can have one elsewhere', async (t) => {
  const routes = '[[routes]]\nmatch = "/ops/status"\nstatus-page = true\n';
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION, 'vivarium.toml': `processes = 1\n${routes}` });
  const server = await startServer([folder]);
  t.after(() => server.stop());
  assert.equal((await getOnce(server.port, '/server-status')).text, 'ok');
  assert.match((await getOnce(server.port, '/ops/status')).text, /^ServerVersion: vivarium\//);
});
