/** WebSockets through two proxies, ours and that of others, in both orders. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { after, before, test } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { makeFolder } from '../support/folder.ts';
import { NO_APACHE, startApache } from '../support/peers/apache.ts';
import { NO_HAPROXY, startHaproxy } from '../support/peers/haproxy.ts';
import { NO_NGINX, startNginx } from '../support/peers/nginx.ts';
import { ownLoopback } from '../support/peers/peer.ts';
import { type Destination, RawClient } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const suite = new Cleanups();
let behind: number;
let server: Server;
before(async () => {
  behind = await startEcho();
  server = await startOurs(behind);
});
after(() => suite.run());

/** Agrees to every upgrade, and then sends back what comes. */
async function startEcho(): Promise<number> {
  const echo = createServer();
  echo.on('upgrade', (_, socket) => {
    socket.on('error', () => {});
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n');
    socket.write('Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n');
    socket.pipe(socket);
  });
  echo.listen(0, '127.0.0.1');
  await once(echo, 'listening');
  suite.after(() => echo.close());
  return (echo.address() as AddressInfo).port;
}

async function startOurs(port: number): Promise<Server> {
  const folder = makeFolder(suite, { 'vivarium.toml': `[[routes]]\nproxy = "http://127.0.0.1:${port}"\n` });
  const ours = await startServer([], { cwd: folder });
  suite.after(() => ours.stop());
  return ours;
}

async function assertEchoes(to: Destination): Promise<void> {
  const client = await RawClient.open(to);
  try {
    await client.request('GET /chat', [
      ...['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13'],
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ]);
    const head = await client.readHead();
    assert.deepEqual([head.status, head.get('upgrade')], [101, 'websocket']);
    assert.equal(head.get('sec-websocket-accept'), 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=');
    for (const sent of ['\x81\x85masked', '\0'.repeat(100_000), '\xff\x00end']) {
      await client.send(sent);
      let received = '';
      while (received.length < sent.length) received += (await client.readSome(head))!.toString('latin1');
      assert.equal(received, sent);
    }
  } finally {
    client.close();
  }
}

const nginxBefore = (listen: string, port: number) => `
  server {
    listen ${listen};
    location / {
      proxy_pass http://127.0.0.1:${port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
    }
  }`;

test('nginx before ours', { skip: NO_NGINX }, async (t) => {
  const host = ownLoopback();
  await startNginx(t, () => ({ http: nginxBefore(`${host}:8005`, server.port) }));
  await assertEchoes({ host, port: 8005 });
});

test('ours before nginx', { skip: NO_NGINX }, async (t) => {
  const host = ownLoopback();
  await startNginx(t, () => ({ http: nginxBefore(`${host}:8005`, behind) }));
  const folder = makeFolder(t, { 'vivarium.toml': `[[routes]]\nproxy = "http://${host}:8005"\n` });
  const ours = await startServer([], { cwd: folder });
  t.after(() => ours.stop());
  await assertEchoes(ours.port);
});

test('Apache before ours', { skip: NO_APACHE }, async (t) => {
  const site = `ProxyPass / http://127.0.0.1:${server.port}/ upgrade=websocket`;
  await assertEchoes((await startApache(t, () => site)).to);
});

test('HAProxy before ours', { skip: NO_HAPROXY }, async (t) => {
  await assertEchoes((await startHaproxy(t, 'http', `127.0.0.1:${server.port}`)).port);
});
