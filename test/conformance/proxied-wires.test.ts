/** What a server behind sees, and what comes back from it, whatever the wire: one list of cases for all of them. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { after, before, describe, test } from 'node:test';
import { writeCertificate } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';
import { APPS, VivariumProcess } from '../support/vivarium.ts';
import { type Addresses, readWhole, send, WIRES, type WireRequest } from '../support/wires.ts';

const MEBIBYTE = 1 << 20;

/** The server behind: each path is one way to answer. */
class ServerBehind {
  readonly #server: Server;
  /** Paths whose requests were broken off. */
  readonly #brokenOff = new Set<string>();
  #wake: () => void = () => {};

  constructor() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.on('checkContinue', (request, response) => {
      if (request.url!.startsWith('/forbidden')) return response.writeHead(401).end();
      response.writeContinue();
      this.#answer(request, response);
    });
    this.#server.on('upgrade', (request, socket) => openSocket(request, socket));
  }

  async listen(): Promise<number> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return (this.#server.address() as AddressInfo).port;
  }

  async sawBreak(path: string): Promise<void> {
    while (!this.#brokenOff.has(path))
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const url = request.url!;
    request.on('error', () => {
      this.#brokenOff.add(url);
      this.#wake();
    });
    if (url.startsWith('/echo')) echo(request, response);
    else if (url.startsWith('/early')) response.end('enough');
    else describeRequest(request, response);
  }
}

/** Says back what it hears while it hears it. */
function echo(request: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { Trailer: 'X-Sum' });
  response.flushHeaders();
  request.pipe(response, { end: false });
  request.on('end', () => {
    response.addTrailers({ 'X-Sum': String(request.trailers['x-sum']) });
    response.end();
  });
}

function describeRequest(request: IncomingMessage, response: ServerResponse): void {
  let bytes = 0;
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
  });
  request.on('end', () => {
    const { 'content-length': length = null, 'transfer-encoding': coding = null } = request.headers;
    response.end(JSON.stringify({ bytes, length, coding }));
  });
}

/** What it was asked comes first, then an echo, until the client ends or says "bye". */
function openSocket({ url, headers }: IncomingMessage, socket: Duplex): void {
  const key = Buffer.from(headers['sec-websocket-key'] ?? '', 'base64');
  const asked = [url, headers.upgrade, headers.connection, headers['sec-websocket-version'], key.length];
  socket.write('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n');
  socket.write(`Sec-WebSocket-Accept: x\r\nSec-WebSocket-Protocol: chat\r\n\r\n${asked}\n`);
  socket.on('error', () => {});
  socket.on('data', (chunk) => (String(chunk) === 'bye' ? socket.end() : socket.write(chunk)));
  socket.on('end', () => socket.end('the end'));
}

const behind = new ServerBehind();
let server: VivariumProcess;
let addresses: Addresses;
let removeFolder = () => {};

before(async () => {
  const url = `"http://127.0.0.1:${await behind.listen()}"`;
  const owner = {
    after: (then: () => void) => {
      removeFolder = then;
    },
  };
  const folder = makeFolder(owner, {
    'vivarium.toml': `
limit-request-body = "1m"
[[routes]]
match = ["/upload", "/large"]
limit-request-body = "4m"
[[routes]]
match = "/small"
limit-request-body = 10
[[routes]]
match = { not = { path = ["/upload", "/hello"] } }
proxy = ${url}
`,
  });
  const socketPath = `${folder}/socket`;
  writeCertificate(folder, 'site', ['127.0.0.1']);
  server = new VivariumProcess([
    ...['serve', `${APPS}pep3333.py`, '--config', `${folder}/vivarium.toml`, '--processes', '1'],
    ...['--listen', '127.0.0.1:0', '--listen', `unix:${socketPath}`],
    ...['--listen', 'https://127.0.0.1:0', '--ssl-certificate', `${folder}/site`],
  ]);
  await server.waitForOutput(/^Access Log/m);
  const portOf = (scheme: string) =>
    Number(new RegExp(` ${scheme}://127\\.0\\.0\\.1:(\\d+)/`).exec(server.output)![1]);
  addresses = { port: portOf('http'), httpsPort: portOf('https'), socketPath };
});
after(async () => {
  behind.close();
  await server.stop();
  assert.doesNotMatch(server.output, /gateway-exited|gateway-failed/);
  removeFolder();
});

const post = (path: string, size: number, isStreamed = false): WireRequest => ({
  method: 'POST',
  path,
  body: Buffer.alloc(size, 'x'),
  isStreamed,
});

/** What comes next, as text; what comes after that waits for who asks for it. */
function next(stream: Readable): Promise<string> {
  return new Promise((resolve, reject) => {
    stream.once('close', () => reject(new Error('the stream has ended')));
    stream.once('data', (chunk) => {
      stream.pause();
      resolve(String(chunk));
    });
    stream.resume();
  });
}

for (const [wireName, wire] of Object.entries(WIRES)) {
  describe(wireName, () => {
    const ask = async (request: WireRequest) => readWhole(await send(wire, addresses, request));
    const unique = (path: string) => `${path}?${encodeURIComponent(wireName)}`;

    test('a body is passed on while it arrives, and its answer comes meanwhile', async () => {
      const { upload, answer } = wire.begin(addresses, { method: 'POST', path: '/echo', isStreamed: true });
      upload.write('one');
      const { body } = await answer;
      assert.equal(await next(body), 'one');
      upload.write('two');
      assert.equal(await next(body), 'two');
      upload.end();
      await once(body.resume(), 'end');
    });

    test('trailers, both ways', async () => {
      const fields = { te: 'trailers', connection: 'te' };
      const isHttp2 = wireName.startsWith('HTTP/2');
      const response = await send(wire, addresses, {
        ...post('/echo', 3, true),
        fields: isHttp2 ? { te: 'trailers' } : fields,
        trailers: { 'x-sum': '17' },
      });
      const { text, isComplete } = await readWhole(response);
      assert.deepEqual([text, isComplete, response.trailers()['x-sum']], ['xxx', true, '17']);
      // Who has not asked for them gets none.
      const without = await send(wire, addresses, post('/echo', 3, true));
      assert.equal((await readWhole(without)).text, 'xxx');
      assert.deepEqual({ ...without.trailers() }, {});
    });

    test('how long a body is, is told or not', async () => {
      const told = { bytes: 300_000, length: '300000', coding: null };
      assert.deepEqual(JSON.parse((await ask(post('/a', 300_000))).text), told);
      const untold = { bytes: 300_000, length: null, coding: 'chunked' };
      assert.deepEqual(JSON.parse((await ask(post('/a', 300_000, true))).text), untold);
    });

    for (const isStreamed of [false, true]) {
      const kind = isStreamed ? ' of unknown length' : '';
      test(`a body${kind} within and beyond the limit of its route`, async () => {
        const limits: [string, number, number][] = [
          ['/large', 3 * MEBIBYTE, 200],
          ['/large', 5 * MEBIBYTE, 413],
          ['/small', 10, 200],
          ['/small', 11, 413],
          ['/other', MEBIBYTE, 200],
          ['/other', MEBIBYTE + 1, 413],
          ['/upload', 3 * MEBIBYTE, 200],
          ['/upload', 5 * MEBIBYTE, 413],
        ];
        for (const [path, size, status] of limits)
          assert.equal((await ask(post(path, size, isStreamed))).status, status, `${size} to ${path}`);
      });
    }

    test('the application gets its body whole, with its length', async () => {
      const { text } = await ask(post('/upload?how=read-length', 3 * MEBIBYTE, true));
      assert.equal(JSON.parse(text).length, 3 * MEBIBYTE);
    });

    test('the server behind says when the body may come (Expect)', async () => {
      const fields = { expect: '100-continue' };
      const begun = wire.begin(addresses, { ...post('/a', 3), fields });
      await begun.continued;
      begun.upload.end('abc');
      assert.equal(JSON.parse((await readWhole(await begun.answer)).text).bytes, 3);
      const forbidden = wire.begin(addresses, { ...post('/forbidden', 3), fields });
      const first = await Promise.race([forbidden.answer, forbidden.continued]);
      assert.equal(first?.status, 401);
      first.leave();
    });

    test('an answer before the body is whole', async () => {
      const { upload, answer } = wire.begin(addresses, { method: 'POST', path: '/early', isStreamed: true });
      upload.write('x');
      const { text, isComplete } = await readWhole(await answer);
      assert.deepEqual([text, isComplete], ['enough', true]);
      upload.destroy();
    });

    test('a client that leaves within its body', async () => {
      const path = unique('/echo');
      const { upload, answer } = wire.begin(addresses, { method: 'POST', path, isStreamed: true });
      upload.write('one');
      const response = await answer;
      assert.equal(await next(response.body), 'one');
      response.leave();
      await behind.sawBreak(path);
    });

    test('a WebSocket', async () => {
      const socket = (await wire.openWebSocket(addresses, '/socket?a')) as Duplex;
      assert.equal(await next(socket), '/socket?a,websocket,Upgrade,13,16\n');
      socket.write('hello');
      assert.equal(await next(socket), 'hello');
      socket.end();
      // TLS is closed as a whole.
      if (wireName !== 'HTTP/1.1 over TLS') assert.equal(await next(socket), 'the end');
      await once(socket.resume(), 'close');
      await server.waitForOutput(/"GET \/socket\?a HTTP\/\S+" 101 /);
    });

    test('a WebSocket that the server behind ends', async () => {
      const socket = (await wire.openWebSocket(addresses, '/socket')) as Duplex;
      await next(socket);
      socket.write('bye');
      await once(socket.resume(), 'end');
      socket.destroy();
    });

    test('a WebSocket where there is none', async () => {
      const answered = await wire.openWebSocket(addresses, '/hello');
      assert.ok('status' in answered);
      // Over HTTP/2 a success would open it.
      assert.equal(answered.status, wireName.startsWith('HTTP/2') ? 501 : 200);
      answered.leave();
    });
  });
}
