/** A Flask application that was written for mod_wsgi: what it imports and subscribes to is there. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { findFramework } from '../support/frameworks.ts';
import { getOnce } from '../support/raw-client.ts';
import { startServer } from '../support/vivarium.ts';

const flask = findFramework('flask');

const APPLICATION = `
import json, logging, time
import mod_wsgi
from flask import Flask, request

app = Flask(__name__)
logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[mod_wsgi.LogHandler()])

@mod_wsgi.subscribe_events
def on_event(name, **event):
    if name == "request_started":
        mod_wsgi.request_data()["seen"] = name
    if name == "request_finished":
        print("finished", event["status"], event["request_data"])

@mod_wsgi.subscribe_shutdown
def on_shutdown(name, shutdown_reason, **event):
    print("shutdown", shutdown_reason)

@app.route("/")
def index():
    logging.warning("logged")
    own = request.environ["mod_wsgi.request_id"]
    return json.dumps([mod_wsgi.request_data(), own in mod_wsgi.active_requests, mod_wsgi.threads_per_process])

@app.route("/slow")
def slow():
    try:
        while True:
            time.sleep(0.01)
    except mod_wsgi.RequestTimeout:
        print("cleaned up")
        raise
`;

test('events, request data, logging, interrupt and shutdown', { skip: flask.skip }, async (t) => {
  const script = `${makeFolder(t, { 'wsgi.py': APPLICATION })}/wsgi.py`;
  const capacity = ['--processes', '1', '--threads', '2', '--request-timeout', '2'];
  const server = await startServer([script, '--python', flask.interpreter, ...capacity]);
  t.after(() => server.stop());

  assert.deepEqual(JSON.parse((await getOnce(server.port, '/')).text), [
    { seen: 'request_started' },
    true,
    2,
  ]);
  const [, id] = await server.waitForOutput(/\[warn\] .* application-log: \[request (\S+)\] logged/);
  await server.waitForOutput(
    new RegExp(`stdout: \\[request ${id}\\] finished 200 \\{'seen': 'request_started'\\}`),
  );

  assert.equal((await getOnce(server.port, '/slow')).status, 504);
  await server.waitForOutput(/stdout: \[request \S+\] cleaned up/);

  server.signal('SIGTERM');
  await server.exited;
  assert.match(server.output, /stdout: shutdown shutdown_signal/);
});

const BUSY = `
import os, time
import mod_wsgi
from flask import Flask

app = Flask(__name__)

@app.route("/wait")
def wait():
    print("waiting")
    while not os.path.exists("enough"):
        time.sleep(0.01)
    return ""

@app.route("/board")
def board():
    return mod_wsgi.server_metrics()
`;

test('server_metrics() says what another thread is doing', { skip: flask.skip }, async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': BUSY });
  const capacity = ['--processes', '2', '--threads', '1'];
  const server = await startServer([`${folder}/wsgi.py`, '--python', flask.interpreter, ...capacity]);
  t.after(() => server.stop());
  const waiting = getOnce(server.port, '/wait?for=it');
  await server.waitForOutput(/stdout: .*waiting/);

  const { processes, ...limits } = JSON.parse((await getOnce(server.port, '/board')).text);
  assert.deepEqual([limits.server_limit, limits.thread_limit, limits.running_generation], [2, 1, 0]);
  const threads = processes.map(({ workers: [{ status, client, request }] }: Board) =>
    [status, client, request].join(' '),
  );
  assert.deepEqual(threads.sort(), [
    'W 127.0.0.1 GET /board HTTP/1.1',
    'W 127.0.0.1 GET /wait?for=it HTTP/1.1',
  ]);
  writeFileSync(`${folder}/enough`, '');
  assert.equal((await waiting).status, 200);
});

interface Board {
  readonly workers: readonly [{ readonly status: string; readonly client: string; readonly request: string }];
}
