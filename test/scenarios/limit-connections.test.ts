/** How many connections a client may have, with the real server: plain, by TLS and behind a proxy. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { connect as connectTls } from 'node:tls';
import { makeFolder } from '../support/folder.ts';
import { GatewayFront } from '../support/gateway-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const ROUTE = '[[routes]]\nrespond = { body = "served" }\n';
const REQUEST = 'GET / HTTP/1.1\r\nHost: example.org\r\n\r\n';

async function serve(t: TestContext, settings: string, ...args: string[]): Promise<Server> {
  const folder = makeFolder(t, { 'vivarium.toml': `${settings}\n${ROUTE}` });
  const server = await startServer(['--config', `${folder}/vivarium.toml`, ...args]);
  t.after(() => server.stop());
  return server;
}

/** Sends a request and keeps the connection. Resolves with the status line; '' when it is closed without an answer. */
function ask(t: TestContext, socket: Socket, head = ''): Promise<string> {
  t.after(() => socket.destroy());
  return new Promise((resolve) => {
    let text = '';
    socket.setEncoding('latin1').on('error', () => {});
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\r\n')) resolve(text.slice(0, text.indexOf('\r\n')));
    });
    socket.on('close', () => resolve(''));
    socket.write(head + REQUEST);
  });
}

const OK = 'HTTP/1.1 200 OK';
const TOO_MANY = 'HTTP/1.1 429 Too Many Requests';

test('a client with enough connections gets no other one until one of them has ended', async (t) => {
  const server = await serve(
    t,
    'admin-listen = "127.0.0.1:0"\nlimit-connections = { max = 2, exempt = "none" }',
  );
  const open = () => connect(server.port, '127.0.0.1');
  const [first, second] = [open(), open()];
  assert.deepEqual([await ask(t, first), await ask(t, second)], [OK, OK]);
  assert.equal(await ask(t, open()), TOO_MANY);
  // Another address is another client.
  assert.equal(
    await ask(t, connect({ port: server.port, localAddress: '127.0.0.2', host: '127.0.0.1' })),
    OK,
  );
  first.destroy();
  while ((await ask(t, open())) !== OK);
  await server.waitForOutput(
    /connections-limited: .*limit-connections: turned away \d+ within a second, .*"127\.0\.0\.1"/,
  );
  const [, admin] = /^Admin URL +: (http\S+)$/m.exec(server.output)!;
  const metrics = await (await fetch(`${admin}/metrics`)).text();
  assert.match(metrics, /^vivarium_connections_turned_away_total\{reason="client"\} [1-9]\d*$/m);
  assert.match(metrics, /^vivarium_connections_turned_away_total\{reason="full"\} 0$/m);
});

test('this machine has no limit unless it is said, and a dry run refuses nobody', async (t) => {
  for (const settings of [
    'limit-connections = 1',
    'limit-connections = { max = 1, exempt = "none", dry-run = true }',
  ]) {
    const server = await serve(t, settings);
    for (let i = 0; i < 3; i++) assert.equal(await ask(t, connect(server.port, '127.0.0.1')), OK);
  }
});

test('behind a proxy with the PROXY protocol each client has a limit of its own', async (t) => {
  const settings = 'trust-proxy = "127.0.0.1"\nlimit-connections = 1';
  const server = await serve(t, settings, '--listen', 'proxy://127.0.0.1:0');
  const from = (address: string) =>
    ask(t, connect(server.port, '127.0.0.1'), `PROXY TCP6 ${address} 2001:db8::1 54321 443\r\n`);
  assert.equal(await from('2001:db8:1::7'), OK);
  assert.equal(await from('2001:db8:1::8'), TOO_MANY);
  assert.equal(await from('2001:db8:2::7'), OK);
  // Health checks of the proxy itself.
  for (let i = 0; i < 3; i++)
    assert.equal(await ask(t, connect(server.port, '127.0.0.1'), 'PROXY UNKNOWN\r\n'), OK);
});

test('by TLS nothing is answered, and a connection that has ended counts no more', async (t) => {
  const server = await serve(
    t,
    'limit-connections = { max = 1, exempt = "none" }',
    '--listen=127.0.0.1:0',
    '--listen=https://127.0.0.1:0',
    '--https-self-signed',
  );
  const port = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(server.output)![1]);
  const open = () =>
    connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, servername: 'localhost' });
  const first = open();
  assert.equal(await ask(t, first), OK);
  assert.equal(await ask(t, open()), '');
  first.destroy();
  while ((await ask(t, open())) !== OK);
});

test('a web server that passes requests on by a gateway protocol has as many as it needs', async (t) => {
  const settings = 'limit-connections = { max = 1, exempt = "none" }';
  const server = await serve(t, settings, '--listen', '127.0.0.1:0', '--listen', 'fastcgi://127.0.0.1:0');
  const port = Number(/fastcgi:\/\/127\.0\.0\.1:(\d+)/.exec(server.output)![1]);
  for (let i = 0; i < 3; i++) {
    const front = new GatewayFront('fastcgi', port);
    t.after(() => front.socket.destroy());
    assert.equal((await front.send({ path: '/' })).status, 200);
  }
});
