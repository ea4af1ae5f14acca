/** Both ends of the control socket: the server here, the client of control/client.ts. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { makeFolder } from '../../../test/support/folder.ts';
import { askServer } from '../../control/client.ts';
import type { ControlRequest, LastAnswer, ServerEvent } from '../../control/protocol.ts';
import { createLog } from '../../telemetry/log.ts';
import { type ControlHandler, ControlSocket } from './control-socket.ts';

const LIMITS = { lineBytesMax: 100, connectionsMax: 2, idleTimeoutMs: 60_000, untakenBytesMax: 100_000 };
const DONE: LastAnswer = { done: true, ok: true };
type Context = Parameters<typeof makeFolder>[0];

async function serve(t: Context, handle: ControlHandler, limits = LIMITS): Promise<string> {
  const root = makeFolder(t);
  const log = createLog('test', 'debug', (line) => assert.fail(line));
  const server = new ControlSocket(join(root, 'control.sock'), handle, log, limits);
  t.after(() => server.close());
  return root;
}

/** What the server answers to these bytes. */
async function say(root: string, bytes: string | Uint8Array, thenEnd = true): Promise<string> {
  const socket = connect(join(root, 'control.sock'));
  socket.on('error', () => {});
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.write(bytes);
  if (thenEnd) socket.end();
  await once(socket, 'close');
  return text;
}

test('a request is answered, with what comes before, and only its user may ask', async (t) => {
  const requests: ControlRequest[] = [];
  const root = await serve(t, async (request, client) => {
    requests.push(request);
    client.progress('one');
    client.progress('two');
    return { ...DONE, detail: 'é'.repeat(50_000) };
  });
  const said: string[] = [];
  const progress = (text: string) => said.push(text);
  const answer = await askServer(root, { command: 'stop', now: true }, { progress });
  assert.deepEqual(answer, { ...DONE, detail: 'é'.repeat(50_000) });
  assert.deepEqual(said, ['one', 'two']);
  assert.deepEqual(requests, [{ command: 'stop', now: true }]);
  assert.equal(statSync(join(root, 'control.sock')).mode & 0o777, 0o600);
});

const EVENT: ServerEvent = {
  at: '2026-11-21T04:44:27.147Z',
  level: 'info',
  process: 'supervisor 7',
  code: 'worker-started',
  message: 'x',
};
const FOLLOW = { command: 'events', recent: 0, follow: true } as const;

test('events come until the client has had enough', async (t) => {
  const gone = Promise.withResolvers<void>();
  const root = await serve(t, async (request, client) => {
    assert.deepEqual(request, FOLLOW);
    client.event(EVENT);
    client.gone.addEventListener('abort', () => gone.resolve());
    await gone.promise;
    return DONE;
  });
  const enough = new AbortController();
  const seen: ServerEvent[] = [];
  const event = (one: ServerEvent) => {
    seen.push(one);
    enough.abort();
  };
  await assert.rejects(askServer(root, FOLLOW, { event, abandon: enough.signal }), { name: 'ControlError' });
  await gone.promise;
  assert.deepEqual(seen, [EVENT]);
});

test('a client that does not read is cut off', async (t) => {
  const gone = Promise.withResolvers<void>();
  const root = await serve(t, async (_, client) => {
    client.gone.addEventListener('abort', () => gone.resolve());
    const long = { ...EVENT, message: 'x'.repeat(10_000) };
    while (!client.gone.aborted) {
      client.event(long);
      await new Promise(setImmediate);
    }
    return DONE;
  });
  const socket = connect(join(root, 'control.sock'));
  t.after(() => socket.destroy());
  socket.write(`${JSON.stringify(FOLLOW)}\n`);
  await gone.promise;
});

test('what is no request is refused', async (t) => {
  const root = await serve(t, () => assert.fail('asked'));
  const refusal = (why: string) => `${JSON.stringify({ done: true, ok: false, why })}\n`;
  const unknown = refusal('the request is not one that this version knows');
  for (const line of [
    'x',
    '',
    'null',
    '[]',
    '{"command":"dance"}',
    '{"command":["stop"]}',
    '1e999',
    '{"command":"events","recent":-1}',
  ]) {
    assert.equal(await say(root, `${line}\n`), unknown, line);
  }
  assert.equal(await say(root, '{"command":"status"}'), refusal('the request is not a whole line'));
  const long = refusal('the request is longer than 100 bytes');
  assert.equal(await say(root, 'x'.repeat(101), false), long);
  assert.equal(await say(root, `${'x'.repeat(101)}\n`, false), long);
});

test('a connection that asks nothing is closed', async (t) => {
  const root = await serve(t, async () => DONE, { ...LIMITS, idleTimeoutMs: 1 });
  assert.match(await say(root, '{"comm', false), /no request has come/);
});

test('any bytes of a stranger are survived', async (t) => {
  const root = await serve(t, async () => DONE);
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
      assert.match(await say(root, bytes), /^(\{"done":true,"ok":false,"why":"[^"]*"\}\n)?$/);
    }),
    { numRuns: 50 },
  );
  assert.deepEqual(await askServer(root, { command: 'status' }), DONE);
});

test('there are no more connections than allowed, and a failing handler is an answer', async (t) => {
  const held = Promise.withResolvers<LastAnswer>();
  const root = await serve(t, () => held.promise);
  const first = [1, 2].map(() => askServer(root, { command: 'reload', application: null }));
  await assert.rejects(askServer(root, { command: 'status' }), { name: 'ControlError' });
  held.reject(new Error('no luck'));
  for (const answer of await Promise.all(first)) {
    assert.deepEqual(answer, { done: true, ok: false, why: 'no luck' });
  }
});

test('a socket that cannot be made is a line in the log', async (t) => {
  const line = await new Promise<string>((resolve) => {
    const log = createLog('test', 'debug', resolve);
    const server = new ControlSocket(join(makeFolder(t), 'absent', 'control.sock'), async () => DONE, log);
    t.after(() => server.close());
  });
  assert.match(line, /\[warn\] .*control-unavailable: commands cannot reach this server at .*absent/);
});

test('the client says why a server cannot be asked', async (t) => {
  const root = makeFolder(t);
  await assert.rejects(askServer(root, { command: 'status' }), {
    message: `no server is running with the server root ${root}`,
  });
  for (const [answer, expected] of [
    ['', /ended before it had answered/],
    ['{"done":false,"progress":"x"}\n', /ended before it had answered/],
    ['hello\n', /makes no sense/],
    ['{"done":true}\n', /makes no sense/],
  ] as const) {
    const server = createServer((socket) => socket.resume().end(answer)).listen(join(root, 'control.sock'));
    await once(server, 'listening');
    await assert.rejects(askServer(root, { command: 'status' }), { name: 'ControlError', message: expected });
    server.close();
    await once(server, 'close');
  }
});
