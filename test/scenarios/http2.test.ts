/** HTTP/2 on a plain listener (prior knowledge): how connections begin, are drained, and end. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { connect as connectHttp2 } from 'node:http2';
import { text } from 'node:stream/consumers';
import { after, before, describe, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { ErrorCode, Frame, FrameClient, frame, PREFACE, request, u32 } from '../support/frame-client.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

interface Scope {
  after(then: () => void): void;
}

let server: Server;
before(async () => {
  server = await startServer([`${APPS}pep3333.py`, '--processes', '1', '--threads', '4']);
});
after(() => server.stop());

async function open(t: Scope, port = server.port): Promise<FrameClient> {
  const client = await FrameClient.open(port);
  t.after(() => client.close());
  return client;
}

describe('a connection', () => {
  test('is HTTP/2 when it begins with the preface, however that is cut', async (t) => {
    const raw = await RawClient.open(server.port);
    t.after(() => raw.close());
    const bytes = Buffer.concat([Buffer.from(PREFACE), frame(Frame.settings, 0, 0)]);
    for (const byte of bytes) await raw.send(Buffer.of(byte));
    const client = new FrameClient(raw.socket);
    client.request(1, 'GET', '/hello');
    assert.equal((await client.find(Frame.data, 1)).payload.toString(), 'hello\n');
  });

  test('is HTTP/1.1 when it only looks like the preface at first', async (t) => {
    const client = await RawClient.open(server.port);
    t.after(() => client.close());
    for (const part of ['P', 'R', 'I', 'NT /hello HTTP/1.1\r\nHost: a\r\n\r\n']) await client.send(part);
    assert.equal((await client.readResponse()).text, 'hello\n');
  });

  test('is logged with its protocol', async (t) => {
    const client = await open(t);
    client.request(1, 'GET', '/hello?logged');
    await client.find(Frame.data, 1);
    await server.waitForOutput(/"GET \/hello\?logged HTTP\/2\.0" 200 6 /);
  });

  test('ends when its client closes its half, and the application learns of it', async (t) => {
    const client = await open(t);
    client.request(1, 'GET', '/close-endless?name=half');
    await client.find(Frame.data, 1);
    client.socket.end();
    assert.equal((await getOnce(server.port, '/closed?name=half&wait=1')).text, '1');
    await server.waitForOutput(/"GET \/close-endless\?name=half HTTP\/2\.0" 200 /);
  });

  test('goes on when a request is refused', async (t) => {
    const client = await open(t);
    client.request(1, 'POST', '/upload', [['content-length', '99999999']], true);
    await client.find(Frame.headers, 1);
    assert.equal(await client.readReset(1), ErrorCode.none);
    client.request(3, 'GET', '/hello');
    assert.equal((await client.find(Frame.data, 3)).payload.toString(), 'hello\n');
    await server.waitForOutput(/"POST \/upload HTTP\/2\.0" 413 /);
  });
});

test('many large answers at once on one connection', async (t) => {
  const page = 'x'.repeat(1 << 20);
  const folder = makeFolder(t, { 'page.txt': page });
  const files = await startServer([`${APPS}pep3333.py`, '--url-alias', '/static', folder]);
  t.after(() => files.stop());
  const session = connectHttp2(files.url);
  t.after(() => session.destroy());
  const answers = Array.from({ length: 100 }, () => text(session.request({ ':path': '/static/page.txt' })));
  for (const answer of await Promise.all(answers)) assert.ok(answer === page);
});

test('with --no-http2 the preface is no request', async (t) => {
  const plain = await startServer([`${APPS}pep3333.py`, '--no-http2', '--processes', '1']);
  t.after(() => plain.stop());
  const client = await RawClient.open(plain.port);
  t.after(() => client.close());
  await client.send(PREFACE);
  assert.equal((await client.readResponse()).status, 505);
});

describe('timeouts', () => {
  let hasty: Server;
  before(async () => {
    hasty = await startServer([
      `${APPS}pep3333.py`,
      ...['--header-timeout', '1', '--body-timeout', '1', '--keep-alive-timeout', '1'],
      ...['--header-max-timeout', '1', '--response-socket-timeout', '1', '--processes', '1'],
    ]);
  });
  after(() => hasty.stop());

  test('of a client that only sends the preface', async (t) => {
    const client = await open(t, hasty.port);
    assert.equal(await client.readGoaway(), ErrorCode.none);
  });

  test('of a client whose header block never ends', async (t) => {
    const client = await open(t, hasty.port);
    client.send(frame(Frame.headers, 0, 1, request('GET', '/hello')));
    assert.equal(await client.readGoaway(), ErrorCode.none);
  });

  test('of an idle connection', async (t) => {
    const client = await open(t, hasty.port);
    client.request(1, 'GET', '/hello');
    assert.equal(await client.readGoaway(), ErrorCode.none);
  });

  test('of a body that does not come', async (t) => {
    const client = await open(t, hasty.port);
    client.request(1, 'POST', '/upload', [], true);
    client.send(frame(Frame.data, 0, 1, 'some'));
    await client.find(Frame.headers, 1);
    assert.equal(await client.readReset(1), ErrorCode.none);
    await hasty.waitForOutput(/"POST \/upload HTTP\/2\.0" 408 /);
  });

  test('of a window that is held shut', async (t) => {
    // SETTINGS_INITIAL_WINDOW_SIZE: 0.
    const client = await FrameClient.open(hasty.port, [[4, 0]]);
    t.after(() => client.close());
    client.request(1, 'GET', '/hello?shut');
    await client.find(Frame.headers, 1);
    assert.equal(await client.readReset(1), ErrorCode.cancel);
  });

  test('not of a request that the application takes longer for', async (t) => {
    const client = await open(t, hasty.port);
    client.request(1, 'GET', '/sleep?ms=2500');
    assert.equal((await client.find(Frame.data, 1)).payload.toString(), 'slept');
  });
});

describe('draining', () => {
  test('on a stop the requests under way are answered, then the connection ends', async (t) => {
    const stopping = await startServer([`${APPS}pep3333.py`, '--processes', '1']);
    t.after(() => stopping.stop());
    const client = await open(t, stopping.port);
    client.request(1, 'GET', '/announce-and-wait?running=a&name=b');
    assert.equal((await getOnce(stopping.port, '/wait?name=a')).text, 'opened');
    // A request that has begun, so the stop waits for it.
    const opener = await RawClient.open(stopping.port);
    t.after(() => opener.close());
    await opener.request('POST /gate?name=b', ['Content-Length: 1', 'Expect: 100-continue']);
    assert.equal((await opener.readHead()).status, 100);
    stopping.signal('SIGTERM');
    const { payload } = await client.find(Frame.goaway);
    // A stream beyond the last one that is told was not processed: its client may send it again elsewhere.
    assert.deepEqual([payload.readUInt32BE(0), payload.readUInt32BE(4)], [1, ErrorCode.none]);
    client.request(3, 'GET', '/hello');
    await opener.send('x');
    assert.equal((await client.find(Frame.data)).payload.toString(), 'opened');
    client.close();
    assert.equal((await stopping.exited).code, 0);
  });

  test('when another gateway takes over, an idle connection has one more request', async (t) => {
    const folder = makeFolder(t, { 'vivarium.toml': 'threads = 1\n' });
    const reloading = await startServer([`${APPS}pep3333.py`, '--config', `${folder}/vivarium.toml`]);
    t.after(() => reloading.stop());
    const client = await open(t, reloading.port);
    client.request(1, 'GET', '/hello');
    await client.find(Frame.data, 1);
    writeFileSync(`${folder}/vivarium.toml`, 'threads = 2\n');
    reloading.signal('SIGHUP');
    await reloading.waitForOutput(/reload-finished: a new gateway/);
    client.request(3, 'GET', '/hello');
    const last = await client.find(Frame.goaway);
    assert.deepEqual([last.payload.readUInt32BE(0), last.payload.readUInt32BE(4)], [3, ErrorCode.none]);
    assert.equal((await client.find(Frame.data, 3)).payload.toString(), 'hello\n');
    assert.equal(await client.readGoaway(), ErrorCode.none);
  });
});

test('an idle connection gives way to a new one when max-clients is reached', async (t) => {
  const small = await startServer([`${APPS}pep3333.py`, '--max-clients', '1', '--processes', '1']);
  t.after(() => small.stop());
  const first = await open(t, small.port);
  first.request(1, 'GET', '/stream?name=x');
  await first.find(Frame.data, 1);
  assert.equal((await getOnce(small.port, '/hello')).status, 503);
  first.send(frame(Frame.reset, 0, 1, u32(ErrorCode.cancel)));
  first.request(3, 'GET', '/gate?name=x');
  await first.find(Frame.data, 3);
  assert.equal((await getOnce(small.port, '/hello')).text, 'hello\n');
  assert.equal(await first.readGoaway(), ErrorCode.none);
});
