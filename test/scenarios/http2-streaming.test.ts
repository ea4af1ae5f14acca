/** Bodies over HTTP/2 that are passed on while they arrive, attacked from the side of the client. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  END_HEADERS,
  END_STREAM,
  ErrorCode,
  Frame,
  frame,
  headerBlock,
  u32,
} from '../support/frame-client.ts';
import { ask, BURST, Flood, open, server, upstream, WINDOW } from '../support/http2-proxy-site.ts';
import type { UpstreamPeer } from '../support/raw-upstream.ts';

describe('a body', () => {
  test('comes whole, with its trailers, in the frames that the client chose', async (t) => {
    const client = await open(t);
    const [peer, head] = await ask(t, client);
    assert.match(head, /\r\nTransfer-Encoding: chunked\r\n/);
    for (const part of ['a', '', 'bc']) client.send(frame(Frame.data, 0, 1, part));
    const trailers = headerBlock([['x-sum', '1']]);
    client.send(frame(Frame.headers, END_HEADERS | END_STREAM, 1, trailers));
    const body = await peer.readThrough('\r\n\r\n');
    assert.equal(body.replaceAll(/(?:^|\r\n)\d\r\n/g, ''), 'abcx-sum: 1\r\n\r\n');
    await peer.answer('ok');
    assert.equal((await client.find(Frame.data, 1)).payload.toString(), 'ok');
  });

  test('with a trailer that could be read in two ways is refused', async (t) => {
    const client = await open(t);
    const [peer] = await ask(t, client);
    const trailers = headerBlock([['authorization', 'Basic eA==']]);
    client.send(frame(Frame.data, 0, 1, 'abc'));
    client.send(frame(Frame.headers, END_HEADERS | END_STREAM, 1, trailers));
    await peer.waitForEnd();
    await server.waitForOutput(/request-refused: .* 400 field not allowed as a trailer: authorization/);
  });

  for (const [name, code] of [
    ['that is taken back', ErrorCode.cancel],
    ['that is taken back without an error', ErrorCode.none],
  ] as const) {
    test(`${name} never looks whole to the server behind`, async (t) => {
      const client = await open(t);
      const [peer] = await ask(t, client);
      client.send(frame(Frame.data, 0, 1, 'abc'));
      assert.equal(await peer.readThrough('abc'), '3\r\nabc');
      client.send(frame(Frame.data, 0, 1, 'def'), frame(Frame.reset, 0, 1, u32(code)));
      const rest = await peer.readToEnd();
      assert.doesNotMatch(rest, /0\r\n/);
    });
  }

  test('that nobody reads yet is held back at the window of its stream, however many there are', async (t) => {
    const streams = Array.from({ length: 40 }, (_, n) => 3 + 2 * n);
    const client = await open(t);
    client.request(1, 'GET', '/busy');
    // The only one that the server behind takes at a time. All others wait for it.
    const peer = await upstream.accept();
    t.after(() => peer.close());
    for (const stream of streams) {
      client.request(stream, 'POST', '/busy', [], true);
      for (let left = WINDOW; left > 0; left -= 16_384)
        client.send(frame(Frame.data, 0, stream, Buffer.alloc(Math.min(left, 16_384))));
      client.send(frame(Frame.ping, 0, 0, '12345678'));
      for (let type = -1; type !== Frame.ping; ) {
        const next = await client.read();
        assert.ok(next !== null, 'the connection has ended');
        assert.ok(next.type !== Frame.windowUpdate || next.stream === 0, 'no more may be sent ahead');
        type = next.type;
      }
    }
    client.send(frame(Frame.data, 0, 3, 'x'));
    assert.equal(await client.readGoaway(), ErrorCode.flowControl);
  });

  test('that is shorter than it was declared never looks whole', async (t) => {
    const client = await open(t);
    const [peer] = await ask(t, client, 1, [['content-length', '6']]);
    client.send(frame(Frame.data, END_STREAM, 1, 'abc'));
    assert.notEqual(await client.readReset(1), ErrorCode.none);
    assert.ok((await peer.readToEnd()).length <= 3);
  });

  test('that is trickled ends when its time is over', async (t) => {
    const client = await open(t);
    const [peer] = await ask(t, client);
    client.send(frame(Frame.data, 0, 1, 'abc'));
    await peer.waitForEnd();
    await client.find(Frame.headers, 1);
    assert.equal(await client.readReset(1), ErrorCode.none);
    await server.waitForOutput(/"POST \/ HTTP\/2\.0" 408 /);
  });

  test('is not waited for once the answer is there', async (t) => {
    for (const framing of [
      'Content-Length: 6\r\n\r\nenough',
      'Transfer-Encoding: chunked\r\n\r\n6\r\nenough\r\n0\r\n\r\n',
    ]) {
      const client = await open(t);
      const [peer] = await ask(t, client);
      client.send(frame(Frame.data, 0, 1, 'abc'));
      await peer.readThrough('abc');
      await peer.send(`HTTP/1.1 200 OK\r\n${framing}`);
      // The answer is whole before the client is told to stop.
      let flags = 0;
      for (let next = await client.read(); next?.type !== Frame.reset; next = await client.read()) {
        assert.ok(next !== null, 'the connection has ended');
        if (next.type === Frame.data) flags |= next.flags;
      }
      assert.equal(flags & END_STREAM, END_STREAM);
    }
  });
});

describe('a server behind that takes nothing', () => {
  const STREAMS = 10;
  /** What the kernel takes of each, and more. */
  const MAX = STREAMS * 32 * 1024 * 1024;

  test('holds its clients up, and not the other requests of their connections', async (t) => {
    const client = await open(t);
    const peers: UpstreamPeer[] = [];
    for (let n = 0; n < STREAMS; n++) {
      const [peer] = await ask(t, client, 1 + 2 * n);
      peer.socket.pause();
      peers.push(peer);
    }
    const flood = new Flood(
      client,
      peers.map((_, n) => 1 + 2 * n),
    );
    await flood.sendWhatIsTaken(MAX);
    assert.ok(flood.sent >= STREAMS * WINDOW && flood.sent < MAX, `${flood.sent} bytes were taken`);
    client.close();
    for (const peer of peers) peer.socket.resume();
    for (const peer of peers) await peer.waitForEnd();
  });
});

test('a client that takes nothing of an answer that is passed on loses it', async (t) => {
  const client = await open(t, [[4, 0]]);
  const [peer] = await ask(t, client);
  await peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n');
  await client.find(Frame.headers, 1);
  assert.equal(await client.readReset(1), ErrorCode.cancel);
  await peer.waitForEnd();
});

test('requests that are taken back within their bodies are a flood, too', async (t) => {
  const client = await open(t);
  for (let n = 0; n <= 2 * BURST && !client.hasEnded; n++) {
    const stream = 1 + 2 * n;
    client.request(stream, 'POST', '/', [], true);
    client.send(frame(Frame.data, 0, stream, 'abc'));
    client.send(frame(Frame.reset, 0, stream, u32(n % 2 === 0 ? ErrorCode.cancel : ErrorCode.none)));
  }
  await client.readFloodEnd();
  await server.waitForOutput(/protocol-error: .*: too many requests taken back/);
});
