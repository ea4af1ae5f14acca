/** Slow clients cost no worker thread, and large bodies no memory: here there are always more of them than threads. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { NO_PROC, peakMemory } from '../support/processes.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

const THREADS = 2;
const CLIENTS = 10;
const MEBIBYTE = 1 << 20;

let server: Server;
before(async () => {
  const capacity = ['--processes', '1', '--threads', String(THREADS)];
  server = await startServer([
    `${APPS}pep3333.py`,
    ...capacity,
    '--limit-request-body',
    '0',
    '--no-access-log',
  ]);
});
after(() => server.stop());

async function openMany(t: { after(then: () => void): void }, count: number): Promise<RawClient[]> {
  const clients: RawClient[] = [];
  t.after(() => {
    for (const client of clients) client.close();
  });
  for (let n = 0; n < count; n++) clients.push(await RawClient.open(server.port));
  return clients;
}

async function assertServing(): Promise<void> {
  for (let n = 0; n < 20; n++) assert.equal((await getOnce(server.port, '/hello')).text, 'hello\n');
}

describe('slow clients hold no worker', () => {
  test('while they send their heads', async (t) => {
    const clients = await openMany(t, 500);
    for (const client of clients) await client.send('GET /hello HTTP/1.1\r\nHost: a\r\nX-Slow: ');
    await assertServing();
    for (const client of clients) await client.send('yes\r\n\r\n');
    for (const client of clients) assert.equal((await client.readResponse()).text, 'hello\n');
  });

  for (const size of [100_000, 3 * MEBIBYTE]) {
    test(`while they send bodies of ${size} bytes`, async (t) => {
      const body = randomBytes(size);
      const clients = await openMany(t, CLIENTS);
      const half = body.subarray(0, size / 2);
      for (const client of clients) await client.request('POST /upload', [`Content-Length: ${size}`], half);
      await assertServing();
      const sha256 = createHash('sha256').update(body).digest('hex');
      for (const client of clients) {
        await client.send(body.subarray(size / 2));
        assert.equal(JSON.parse((await client.readResponse()).text).sha256, sha256);
      }
    });
  }

  for (const size of [500_000, 20 * MEBIBYTE]) {
    test(`while they read answers of ${size} bytes`, async (t) => {
      const clients = await openMany(t, CLIENTS);
      for (const client of clients) {
        client.socket.pause();
        await client.request(`GET /big?size=${size}`);
      }
      await assertServing();
      for (const client of clients) {
        client.socket.resume();
        const response = await client.readResponse();
        assert.deepEqual([response.complete, response.body.length], [true, size]);
      }
    });
  }
});

describe('large bodies', { skip: NO_PROC }, () => {
  const SIZE = 256 * MEBIBYTE;
  // Far less than the body, and room for what the processes need anyway.
  const GROWTH_MAX = 128 * MEBIBYTE;

  test('are sent with bounded memory', async (t) => {
    const [client] = await openMany(t, 1);
    const before = peakMemory(server.pid);
    await client!.request(`GET /big?size=${SIZE}`);
    await client!.readHead();
    client!.socket.removeAllListeners('data');
    let received = 0;
    for await (const chunk of client!.socket) {
      received += chunk.length;
      if (received >= SIZE - MEBIBYTE) break;
    }
    assert.ok(received >= SIZE - MEBIBYTE);
    assert.ok(peakMemory(server.pid) - before < GROWTH_MAX);
  });

  test('are taken with bounded memory', async (t) => {
    const [client] = await openMany(t, 1);
    const before = peakMemory(server.pid);
    const block = randomBytes(MEBIBYTE);
    const digest = createHash('sha256');
    await client!.request('POST /upload?how=read-sized', [`Content-Length: ${SIZE}`]);
    for (let sent = 0; sent < SIZE; sent += MEBIBYTE) {
      await client!.send(block);
      digest.update(block);
    }
    assert.equal(JSON.parse((await client!.readResponse()).text).sha256, digest.digest('hex'));
    assert.ok(peakMemory(server.pid) - before < GROWTH_MAX);
  });
});

test('a connection goes on after an upload whose last bytes found the buffers full', async (t) => {
  const small = await startServer([`${APPS}pep3333.py`, '--request-buffer-size', '1024']);
  t.after(() => small.stop());
  const client = await RawClient.open(small.port);
  t.after(() => client.close());
  // Little more than may be on its way to the file: the end finds it full, more often than not.
  for (let n = 0; n < 15; n++) {
    assert.equal((await client.post('/hello', 'x'.repeat(1_050_000))).status, 200);
    assert.equal((await client.get('/hello')).text, 'hello\n');
  }
});
