/** Events: a Flask application is told what happens to its requests and why its processes stop. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { findFramework } from '../support/frameworks.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

const flask = findFramework('flask');

interface Event {
  readonly name: string;
  readonly [key: string]: unknown;
}

const APPLICATION = [`${APPS}flask_events.py`, '--python', flask.interpreter, '--processes', '1'];

describe('events', { skip: flask.skip }, () => {
  let server: Server;
  before(async () => {
    server = await startServer(APPLICATION);
  });
  after(() => server?.stop());

  /** The events of one request, and its answer. */
  async function ask(path: string, init?: RequestInit): Promise<{ events: Event[]; text: string }> {
    const from = server.output.length;
    const response = await fetch(server.url + path, init);
    const text = await response.text();
    await server.waitForOutput(/event \{"name": "request_finished".*\n/, from);
    const lines = server.output.slice(from).matchAll(/ event (\{.*\})\n/g);
    return { events: [...lines].map(([, json]) => JSON.parse(json!)), text };
  }

  const last = (events: readonly Event[]): Event => events.at(-1)!;

  test('a request: its times in order, what the application kept, no bytes lost', async () => {
    const { events, text } = await ask('/');
    assert.equal(text, '1 True');
    assert.deepEqual(
      events.map(({ name }) => name),
      ['request_started', 'response_started', 'request_finished'],
    );
    const finished = last(events);
    const { status, output_length, thread_id, request_data } = finished;
    assert.deepEqual([status, output_length], [200, text.length]);
    assert.ok(Number(thread_id) >= 1);
    assert.deepEqual(request_data, { path: '/', view: 'hello' });
    const steps = ['request_start', 'queue_start', 'daemon_start', 'application_start', 'application_finish'];
    const times = steps.map((step) => Number(finished[step]));
    // The clocks of two processes, read to the millisecond.
    for (let i = 1; i < times.length; i++) assert.ok(times[i]! > times[i - 1]! - 0.002, `${times}`);
    assert.ok(times[0]! > Date.now() / 1000 - 3600);
  });

  test('the line that a subscriber prints names the request', async () => {
    const { events } = await ask('/');
    const id = String(last(events).request_id);
    assert.match(server.output, new RegExp(`\\[request ${id}\\] event \\{"name": "request_started"`));
  });

  test('the bytes of an upload and of a stream', async () => {
    const body = 'x'.repeat(300_000);
    const upload = await ask('/upload', { method: 'POST', body });
    assert.equal(upload.text, '300000');
    assert.equal(last(upload.events).input_length, 300_000);
    const stream = await ask('/stream');
    assert.deepEqual(
      [last(stream.events).output_writes, last(stream.events).output_length],
      [3, stream.text.length],
    );
  });

  test('an exception, once it is the application that raises', async () => {
    const handled = await ask('/fail');
    assert.equal(last(handled.events).status, 500);
    assert.ok(!handled.events.some(({ name }) => name === 'request_exception'));
    const raised = await ask('/raise');
    assert.deepEqual(
      raised.events.map(({ name }) => name),
      ['request_started', 'request_exception', 'request_finished'],
    );
    assert.equal(last(raised.events).status, 0);
  });
});

describe('why a process stops', { skip: flask.skip }, () => {
  test('a limit, a reload, the end of the server', async (t) => {
    const server = await startServer([...APPLICATION, '--maximum-requests', '3']);
    t.after(() => server.stop());
    for (let i = 0; i < 3; i++) await (await fetch(server.url)).text();
    await server.waitForOutput(/ shutdown maximum_requests\n/);
    server.signal('SIGHUP');
    await server.waitForOutput(/ shutdown script_reload\n/);
    await server.stop();
    assert.match(server.output, / shutdown shutdown_signal\n/);
    assert.equal(server.output.match(/"name": "process_stopping"/g)!.length, 3);
  });
});
