import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { POOL } from '../../test/support/upstream-servers.ts';
import type { ResponseListener } from './connection.ts';
import { UpstreamServer } from './server.ts';

const TIMEOUTS = {
  connectTimeoutMs: 20_000,
  sendTimeoutMs: 20_000,
  readTimeoutMs: 20_000,
  tunnelTimeoutMs: 20_000,
};

const NOTHING: ResponseListener = {
  connected() {},
  interim() {},
  whole() {},
  head() {},
  data() {},
  end() {},
  failed() {},
  drain() {},
  stderr() {},
  bodyWanted() {},
};

test('a kept connection that has just been closed is given to nobody', async (t) => {
  const listening = createServer((socket) => {
    socket.on('data', () => socket.write('HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n'));
  }).listen(0, '127.0.0.1');
  t.after(() => listening.close());
  await once(listening, 'listening');
  const { port } = listening.address() as { port: number };
  const endpoint = { protocol: null, path: null, host: '127.0.0.1', port, tls: null };
  const settings = { weight: 1, isBackup: false, connectionsMax: 0, state: 'up' as const };
  const server = new UpstreamServer('a', endpoint, settings, POOL);
  const connection = server.take();
  await new Promise<void>((resolve) => {
    const head = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
    connection.send('GET', head, TIMEOUTS, { ...NOTHING, whole: () => resolve() });
    connection.finish();
  });
  assert.equal(server.report(0).idleConnections, 1);
  connection.destroy();
  const next = server.take();
  t.after(() => next.destroy());
  assert.notEqual(next, connection);
});
