/** The PROXY protocol before HTTP and before TLS, with the real server. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeFolder } from '../support/folder.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const APPLICATION = `
KEYS = ('REMOTE_ADDR', 'REMOTE_PORT', 'SERVER_PORT', 'wsgi.url_scheme')

def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [' '.join(environ[key] for key in KEYS).encode()]
`;

async function serve(t: TestContext, prefix: string, ...args: string[]): Promise<Server> {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  const listen = ['--listen', `${prefix}127.0.0.1:0`, '--trust-proxy', '127.0.0.1', '--processes', '1'];
  const server = await startServer([`${folder}/wsgi.py`, ...listen, ...args]);
  t.after(() => server.stop());
  return server;
}

const REQUEST = 'GET / HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\r\n';
const V1 = 'PROXY TCP4 203.0.113.9 198.51.100.1 54321 443\r\n';
const V2 = Buffer.from('0d0a0d0a000d0a515549540a21110014cb007109c6336401d43101bb2000050100000000', 'hex');

/** The last line of what comes until the end; '' when nothing does. */
async function answerOf(socket: Socket): Promise<string> {
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  await new Promise((closed) => socket.on('close', closed));
  return text.split('\r\n').at(-1)!;
}

/** Sends the pieces one after the other, so that each arrives alone. */
async function ask(server: Server, ...pieces: (string | Buffer)[]): Promise<string> {
  const socket = connect(server.port, '127.0.0.1');
  const answer = answerOf(socket);
  for (const piece of pieces) await new Promise((sent) => socket.write(piece, () => sent(null)));
  return answer;
}

test('the application sees the client that the proxy names', async (t) => {
  const server = await serve(t, 'proxy://');
  assert.equal(await ask(server, V1 + REQUEST), '203.0.113.9 54321 443 http');
  assert.equal(
    await ask(server, ...[...V1].slice(0, 12), V1.slice(12), REQUEST),
    '203.0.113.9 54321 443 http',
  );
  // Its client spoke TLS.
  assert.equal(await ask(server, Buffer.concat([V2, Buffer.from(REQUEST)])), '203.0.113.9 54321 443 https');
  assert.match(await ask(server, `PROXY UNKNOWN\r\n${REQUEST}`), /^127\.0\.0\.1 \d+ \d+ http$/);
  await server.waitForOutput(/^203\.0\.113\.9 - - \[/m);
});

test('a connection without the header is closed, and nothing of it served', async (t) => {
  const server = await serve(t, 'proxy://');
  assert.equal(await ask(server, REQUEST), '');
  assert.equal(await ask(server, `PROXY TCP4 nonsense\r\n${REQUEST}`), '');
  // Only the first line is the proxy's.
  assert.match(await ask(server, V1 + V1 + REQUEST), /400 Bad Request/);
  await server.waitForOutput(/proxy-refused: .*no PROXY header 2 within a second/);
});

test('who is no trusted proxy may not connect', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  const listen = ['--listen', 'proxy://127.0.0.1:0', '--trust-proxy', '203.0.113.9'];
  const server = await startServer([`${folder}/wsgi.py`, ...listen]);
  t.after(() => server.stop());
  assert.equal(await ask(server, V1 + REQUEST), '');
  await server.waitForOutput(/proxy-refused: .*no trusted proxy 1 within a second/);
});

test('before TLS', async (t) => {
  const server = await serve(t, '', '--listen', 'proxy+https://127.0.0.1:0', '--https-self-signed');
  const [, port] = /https:\/\/127\.0\.0\.1:(\d+)/.exec(server.output)!;
  const socket = connect(Number(port), '127.0.0.1');
  socket.write(V1);
  const secure = connectTls({ socket, rejectUnauthorized: false, servername: 'localhost' });
  const answer = answerOf(secure);
  secure.write(REQUEST);
  assert.equal(await answer, '203.0.113.9 54321 443 https');
});

test('a drain waits for nobody who has said nothing', async (t) => {
  const server = await serve(t, 'proxy://');
  const silent = answerOf(connect(server.port, '127.0.0.1'));
  assert.equal(await ask(server, V1 + REQUEST), '203.0.113.9 54321 443 http');
  const { code } = await server.stop();
  assert.equal(code, 0);
  assert.equal(await silent, '');
});
