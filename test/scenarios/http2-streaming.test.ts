/** Bodies and WebSockets over HTTP/2 that are passed on while they arrive, attacked from the side of the client. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
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
import { getOnce } from '../support/raw-client.ts';
import { RawUpstream, type UpstreamPeer } from '../support/raw-upstream.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

type Context = { after(then: () => void): void };

/** Of a client that has not read our settings yet. */
const WINDOW = 65_535;
const BURST = 50;

let server: Server;
let upstream: RawUpstream;
const cleanups: (() => void)[] = [];
before(async () => {
  const suite = { after: (then: () => void) => void cleanups.push(then) };
  upstream = await RawUpstream.open(suite);
  const folder = makeFolder(suite, {
    'vivarium.toml': `
body-timeout = "1s"
response-socket-timeout = "1s"
[[routes]]
match = { not = "/hello" }
proxy = "http://127.0.0.1:${upstream.port}"
`,
  });
  server = await startServer([
    ...[`${APPS}pep3333.py`, '--config', `${folder}/vivarium.toml`, '--processes', '1'],
    ...['--limit-request-body', '1g', '--http2-max-concurrent-streams', '100'],
    ...['--http2-reset-burst', String(BURST), '--http2-reset-rate', '1'],
  ]);
});
after(async () => {
  for (const cleanup of cleanups) cleanup();
  await server.stop();
  assert.doesNotMatch(server.output, /gateway-exited|gateway-failed|request-lost/);
});
afterEach(async () => assert.equal((await getOnce(server.port, '/hello')).text, 'hello\n'));

async function open(t: Context, settings: [number, number][] = []): Promise<FrameClient> {
  const client = await FrameClient.open(server.port, settings);
  t.after(() => client.close());
  return client;
}

/** Begins a request with a body, and returns the end that the server behind has of it. */
async function ask(
  t: Context,
  client: FrameClient,
  stream = 1,
  fields: [string, string][] = [],
): Promise<[UpstreamPeer, string]> {
  client.request(stream, 'POST', '/', fields, true);
  const peer = await upstream.accept();
  t.after(() => peer.close());
  return [peer, await peer.readHead()];
}

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

/** Streams whose client sends whatever their windows, and that of the connection, allow. */
class Flood {
  readonly #client: FrameClient;
  readonly #windows = new Map<number, number>([[0, WINDOW]]);
  sent = 0;

  constructor(client: FrameClient, streams: readonly number[]) {
    this.#client = client;
    for (const stream of streams) this.#windows.set(stream, WINDOW);
  }

  /** Until no window is opened any more while other requests of the connection are answered. */
  async sendWhatIsTaken(max: number): Promise<void> {
    let other = 1001;
    for (let quiet = 0; quiet < 20 && this.sent < max; other += 2) {
      const before = this.sent;
      for (const stream of this.#windows.keys()) if (stream !== 0) this.#fill(stream);
      this.#client.request(other, 'GET', '/hello');
      await this.#answerOf(other);
      quiet = this.sent === before ? quiet + 1 : 0;
    }
  }

  #fill(stream: number): void {
    for (;;) {
      const size = Math.min(this.#windows.get(stream)!, this.#windows.get(0)!, 16_384);
      if (size === 0) return;
      this.#client.send(frame(Frame.data, 0, stream, Buffer.alloc(size)));
      this.#open(stream, -size);
      this.#open(0, -size);
      this.sent += size;
    }
  }

  #open(stream: number, bytes: number): void {
    const window = this.#windows.get(stream);
    if (window !== undefined) this.#windows.set(stream, window + bytes);
  }

  async #answerOf(other: number): Promise<void> {
    for (;;) {
      const next = await this.#client.read();
      assert.ok(next !== null, 'the connection has ended');
      if (next.type === Frame.windowUpdate) this.#open(next.stream, next.payload.readUInt32BE(0));
      if (next.type === Frame.data && next.stream === other) return;
    }
  }
}

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

  test('holds up a WebSocket, too', async (t) => {
    const client = await open(t);
    const peer = await openWebSocket(t, client);
    peer.socket.pause();
    const flood = new Flood(client, [1]);
    await flood.sendWhatIsTaken(MAX);
    assert.ok(flood.sent >= WINDOW && flood.sent < MAX, `${flood.sent} bytes were taken`);
    client.close();
    peer.socket.resume();
    await peer.waitForEnd();
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
});

test('requests that are taken back within their bodies are a flood, too', async (t) => {
  const client = await open(t);
  for (let n = 0; n <= 2 * BURST && !client.hasEnded; n++) {
    const stream = 1 + 2 * n;
    client.request(stream, 'POST', '/', [], true);
    client.send(frame(Frame.data, 0, stream, 'abc'));
    client.send(frame(Frame.reset, 0, stream, u32(n % 2 === 0 ? ErrorCode.cancel : ErrorCode.none)));
  }
  assert.equal(await client.readGoaway(), ErrorCode.calm);
  await server.waitForOutput(/protocol-error: .*: too many requests taken back/);
});
