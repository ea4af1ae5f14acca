/** WebSockets over HTTP/2 (RFC 8441), seen from both ends frame by frame. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import {
  END_HEADERS,
  END_STREAM,
  ErrorCode,
  Frame,
  FrameClient,
  frame,
  headerBlock,
  u32,
} from '../support/frame-client.ts';
import { Flood, open, server, upstream, WINDOW } from '../support/http2-proxy-site.ts';
import type { UpstreamPeer } from '../support/raw-upstream.ts';
import { APPS, startServer } from '../support/vivarium.ts';

type Context = { after(then: () => void): void };

const connect = (fields: [string, string][], protocol = 'websocket') =>
  headerBlock([
    [':method', 'CONNECT'],
    [':protocol', protocol],
    [':scheme', 'http'],
    [':path', '/socket'],
    [':authority', 'localhost'],
    ...fields,
  ]);

async function openWebSocket(t: Context, client: FrameClient): Promise<UpstreamPeer> {
  client.send(frame(Frame.headers, END_HEADERS, 1, connect([['sec-websocket-version', '13']])));
  const peer = await upstream.accept();
  t.after(() => peer.close());
  await peer.readHead();
  await peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
  await client.find(Frame.headers, 1);
  return peer;
}

/** What the kernel takes, and more. */
const TAKEN_MAX = 256 * 1024 * 1024;

test('a server that stops cuts its WebSockets when graceful-timeout is over', async (t) => {
  const folder = makeFolder(t, {
    'vivarium.toml': `[[routes]]\nmatch = "/socket"\nproxy = "http://127.0.0.1:${upstream.port}"\n`,
  });
  const options = ['--config', `${folder}/vivarium.toml`, '--graceful-timeout', '1', '--processes', '1'];
  const stopping = await startServer([`${APPS}pep3333.py`, ...options]);
  t.after(() => stopping.stop());
  const client = await FrameClient.open(stopping.port);
  t.after(() => client.close());
  const peer = await openWebSocket(t, client);
  stopping.signal('SIGTERM');
  await client.find(Frame.goaway);
  client.send(frame(Frame.data, 0, 1, 'still'));
  assert.equal(await peer.read(5), 'still');
  assert.equal(await client.readReset(1), ErrorCode.cancel);
  await peer.waitForEnd();
  await stopping.exited;
  assert.doesNotMatch(stopping.output, /request-lost|gateway-killed/);
});

describe('a WebSocket', () => {
  test('is bytes both ways, and ends with either side', async (t) => {
    const client = await open(t);
    const peer = await openWebSocket(t, client);
    client.send(frame(Frame.data, 0, 1, 'abc'));
    assert.equal(await peer.read(3), 'abc');
    await peer.send('def');
    assert.equal((await client.find(Frame.data, 1)).payload.toString(), 'def');
    client.send(frame(Frame.data, END_STREAM, 1));
    await peer.waitForEnd();
    await peer.send('the end');
    assert.equal((await client.find(Frame.data, 1)).payload.toString(), 'the end');
    peer.socket.end();
    assert.equal((await client.find(Frame.data, 1)).flags & END_STREAM, END_STREAM);
  });

  test('that its client takes back is one that the server behind loses', async (t) => {
    for (const code of [ErrorCode.cancel, ErrorCode.none]) {
      const client = await open(t);
      const peer = await openWebSocket(t, client);
      client.send(frame(Frame.data, 0, 1, 'abc'), frame(Frame.reset, 0, 1, u32(code)));
      await peer.waitForEnd();
    }
  });

  test('that the server behind cuts is reset', async (t) => {
    const client = await open(t);
    const peer = await openWebSocket(t, client);
    peer.socket.resetAndDestroy();
    assert.equal(await client.readReset(1), ErrorCode.cancel);
  });

  test('is not what the server behind has agreed to: a 502', async (t) => {
    const client = await open(t);
    client.send(frame(Frame.headers, END_HEADERS, 1, connect([])));
    const peer = await upstream.accept();
    t.after(() => peer.close());
    const head = await peer.readHead();
    assert.match(head, /^GET \/socket HTTP\/1\.1\r\n/);
    assert.match(head, /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n$/);
    await peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: other\r\n\r\n');
    await client.find(Frame.headers, 1);
    await server.waitForOutput(/"GET \/socket HTTP\/2\.0" 502 /);
  });

  test('that is answered with a page is none: the client gets no success', async (t) => {
    const client = await open(t);
    client.send(frame(Frame.headers, END_HEADERS, 1, connect([])));
    const peer = await upstream.accept();
    t.after(() => peer.close());
    await peer.readHead();
    await peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
    await client.find(Frame.headers, 1);
    assert.match((await client.find(Frame.data, 1)).payload.toString(), /501 Not Implemented/);
    // And the server behind may stop.
    await peer.waitForEnd();
    await server.waitForOutput(/"GET \/socket HTTP\/2\.0" 501 /);
  });

  for (const [name, block, refusal] of [
    ['another protocol', connect([], 'connect-udp'), '501 a :protocol other than websocket'],
    ['a length', connect([['content-length', '5']]), '400 Content-Length with CONNECT'],
  ] as const) {
    test(`cannot be asked for with ${name}`, async (t) => {
      const client = await open(t);
      client.send(frame(Frame.headers, END_HEADERS, 1, block));
      await client.find(Frame.headers, 1);
      assert.equal(await client.readReset(1), ErrorCode.none);
      await server.waitForOutput(new RegExp(`request-refused: .*: ${refusal}`));
    });
  }

  test('of a server behind that takes nothing holds its client up', async (t) => {
    const client = await open(t);
    const peer = await openWebSocket(t, client);
    peer.socket.pause();
    const flood = new Flood(client, [1]);
    await flood.sendWhatIsTaken(TAKEN_MAX);
    assert.ok(flood.sent >= WINDOW && flood.sent < TAKEN_MAX, `${flood.sent} bytes were taken`);
    client.close();
    peer.socket.resume();
    await peer.waitForEnd();
  });
});
