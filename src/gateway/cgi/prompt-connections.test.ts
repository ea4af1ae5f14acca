import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { anOutgoingRequest } from '../../../test/support/outgoing-request.ts';
import { descriptorOf, type SocketCalls, socketCalls } from '../../base/socket-calls.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler } from '../../handler.ts';
import { GATEWAY_PROTOCOLS } from '../../protocols/gateway-protocols.ts';
import type { ListenerContext } from '../listener-context.ts';
import type { GatewayConnection } from './connection.ts';
import { PromptConnections } from './prompt-connections.ts';

const linux = { skip: socketCalls() === null && 'there are no foreign functions here', timeout: 20_000 };
const client = GATEWAY_PROTOCOLS.uwsgi.client({ secret: '', packetBytes: 8192 });

const SETTINGS = {
  limitRequestLine: 8190,
  limitRequestFields: 100,
  limitRequestFieldSize: 8190,
  limitRequestHead: 65_535,
  limitRequestBody: 0,
  headerTimeoutMs: 60_000,
  bodyTimeoutMs: 60_000,
  requestIdHeader: null,
};

function contextOf(path: string, handle: Handler): ListenerContext {
  return {
    settings: SETTINGS,
    bodySpool: { memoryMax: 65_536, fileMax: 65_536, directory: tmpdir() },
    path,
    gateway: { protocol: GATEWAY_PROTOCOLS.uwsgi.server },
    handle,
    streamsBodies: false,
    refuse: (exchange: Exchange, { status, why }: { status: number; why: string }) =>
      exchange.abort(status, why),
    nextId: () => 'id',
  } as unknown as ListenerContext;
}

/** What becomes of connections, in the order in which it does, and their events, as a listener hands them on. */
class Site {
  readonly events: string[] = [];
  readonly prompt: PromptConnections;
  readonly path: string;
  isFull = false;
  closes = 0;
  readonly #listenFd: number;
  readonly #calls: SocketCalls;

  constructor(path: string, listenFd: number, handle: Handler) {
    this.path = path;
    this.#listenFd = listenFd;
    this.#calls = socketCalls()!;
    const calls: SocketCalls = {
      ...this.#calls,
      close: (fd) => {
        this.closes++;
        this.#calls.close(fd);
      },
    };
    this.prompt = new PromptConnections(calls, path, contextOf(path, handle), {
      isFull: () => this.isFull,
      accepted: () => this.events.push('accepted'),
      opened: (connection, socket) => this.#opened(connection, socket),
      closed: () => this.events.push('closed'),
    });
  }

  static async open(t: TestContext, handle: Handler): Promise<Site> {
    const directory = mkdtempSync(join(tmpdir(), 'vivarium-prompt-'));
    const server = createServer().listen(join(directory, 'socket'));
    t.after(() => {
      server.close();
      rmSync(directory, { recursive: true });
    });
    await once(server, 'listening');
    return new Site(join(directory, 'socket'), descriptorOf(server as unknown as Socket), handle);
  }

  /** A front whose first bytes are there before they are looked for. */
  async front(
    t: TestContext,
    bytes: string,
  ): Promise<{ socket: Socket; fd: number; text(): Promise<string> }> {
    const socket = connect({ path: this.path, allowHalfOpen: true });
    t.after(() => socket.destroy());
    // The connection waits as soon as `connect` returns; Node's server has not seen it yet.
    const fd = this.#calls.accept(this.#listenFd);
    await once(socket, 'connect');
    await new Promise((written) => socket.write(bytes, 'latin1', written));
    const text = async () => {
      let all = '';
      socket.setEncoding('latin1').on('data', (chunk) => (all += chunk));
      await once(socket, 'end');
      return all;
    };
    return { socket, fd, text };
  }

  #opened(connection: GatewayConnection, socket: Socket): void {
    this.events.push('opened');
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => connection.onData(chunk));
    socket.on('end', () => connection.onEnd());
    socket.on('drain', () => connection.onDrain());
    socket.on('close', () => this.events.push('closed'));
  }
}

function packet(target: string, body = ''): string {
  const request = anOutgoingRequest({ method: body === '' ? 'GET' : 'POST', target, pathInfo: target });
  return `${client.requestEncoder(true).head(request, body.length)}${body}`;
}

const hello: Handler = (exchange) => exchange.respond(200, [], `hello ${exchange.request.path}`);
const HELLO = 'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhello /a';

test('a request that is there is answered, and its connection closed once', linux, async (t) => {
  const site = await Site.open(t, hello);
  const front = await site.front(t, packet('/a'));
  assert.equal(site.prompt.serve(front.fd, null), true);
  assert.deepEqual(site.events, ['accepted', 'closed']);
  assert.equal(await front.text(), HELLO);
  assert.equal(site.closes, 1);
});

test('an answer may come later, and in pieces', linux, async (t) => {
  const answering = Promise.withResolvers<Exchange>();
  const site = await Site.open(t, (exchange) => answering.resolve(exchange));
  const front = await site.front(t, packet('/a', 'body'));
  site.prompt.serve(front.fd, null);
  const exchange = await answering.promise;
  assert.equal(exchange.body!.size, 4);
  exchange.start(200, []);
  exchange.write('one, ');
  exchange.write(Buffer.from('two'));
  exchange.end();
  assert.match(await front.text(), /\r\n\r\none, two$/);
  assert.equal(site.closes, 1);
});

test('what is not there yet is waited for', linux, async (t) => {
  const site = await Site.open(t, hello);
  const bytes = packet('/a', 'x'.repeat(100));
  for (const at of [1, 3, 40, bytes.length - 1]) {
    site.events.length = 0;
    const front = await site.front(t, bytes.slice(0, at));
    site.prompt.serve(front.fd, null);
    assert.deepEqual(site.events, ['accepted', 'opened']);
    front.socket.write(bytes.slice(at), 'latin1');
    assert.equal(await front.text(), HELLO);
  }
  assert.equal(site.closes, 0, 'whom the descriptor belongs to closes it');
});

test('a connection without a byte is for the usual way', linux, async (t) => {
  const site = await Site.open(t, hello);
  const front = await site.front(t, '');
  assert.equal(site.prompt.serve(front.fd, null), false);
  site.isFull = true;
  front.socket.write(packet('/a'));
  assert.equal(site.prompt.serve(front.fd, null), false);
  assert.deepEqual(site.events, []);
});

test('an answer that the front reads late is sent to its end', linux, async (t) => {
  const body = Buffer.alloc(5_000_000, 'abcdefg');
  for (const answer of [body, body.latin1Slice()]) {
    const site = await Site.open(t, (exchange) => exchange.respond(200, [], answer));
    const front = await site.front(t, packet('/a'));
    site.prompt.serve(front.fd, null);
    assert.deepEqual(site.events, ['accepted', 'opened']);
    const text = await front.text();
    assert.ok(text.endsWith(`\r\n\r\n${body.latin1Slice()}`));
  }
});

test('the front of a request that takes its time may leave', linux, async (t) => {
  const gone = Promise.withResolvers<void>();
  const site = await Site.open(t, (exchange) => {
    exchange.onGone = gone.resolve;
  });
  const front = await site.front(t, packet('/a'));
  site.prompt.serve(front.fd, null);
  assert.deepEqual(site.events, ['accepted']);
  front.socket.destroy();
  await gone.promise;
  assert.deepEqual(site.events, ['accepted', 'opened']);
});

test('nothing is sent to a front that has left', linux, async (t) => {
  const site = await Site.open(t, hello);
  const front = await site.front(t, packet('/a'));
  front.socket.destroy();
  await once(front.socket, 'close');
  site.prompt.serve(front.fd, null);
  while (!site.events.includes('closed')) await new Promise((turned) => setImmediate(turned));
});

test('what is no request is refused', linux, async (t) => {
  const site = await Site.open(t, hello);
  const front = await site.front(t, '\x05\0\0\0');
  site.prompt.serve(front.fd, null);
  assert.match(await front.text(), /^HTTP\/1\.1 501 /);
});
