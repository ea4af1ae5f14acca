import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { sendFileTo } from './send-file.ts';

const linux = { skip: process.platform !== 'linux' && 'sendfile(2) is used on Linux', timeout: 20_000 };
const CONTENT = Buffer.alloc(100_000, 'abcdefghijk');

function openFile(t: TestContext): number {
  const directory = mkdtempSync(join(tmpdir(), 'vivarium-send-file-'));
  writeFileSync(join(directory, 'file'), CONTENT);
  const fd = openSync(join(directory, 'file'), 'r');
  t.after(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  return fd;
}

/** `client`: paused, so that nobody reads. */
async function pair(t: TestContext): Promise<{ server: Socket; client: Socket }> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1').pause();
  const [server] = (await once(listener, 'connection')) as [Socket];
  t.after(() => {
    client.destroy();
    server.destroy();
    listener.close();
  });
  return { server, client };
}

async function readAll(client: Socket): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of client) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

for (const [name, head] of Object.entries({ none: '', short: 'h\xe9ad', long: 'x'.repeat(10_000) })) {
  test(`head: ${name}, then the file`, linux, async (t) => {
    const { server, client } = await pair(t);
    assert.equal(sendFileTo(server, head, openFile(t), 7, 5_007), 5_000);
    server.end();
    const expected = Buffer.concat([Buffer.from(head, 'latin1'), CONTENT.subarray(7, 5_007)]);
    assert.ok((await readAll(client)).equals(expected));
  });
}

test('a head with nothing behind it goes all the same', linux, async (t) => {
  const { server, client } = await pair(t);
  assert.equal(sendFileTo(server, 'head', openFile(t), 5, 5), 0);
  server.end();
  assert.equal(String(await readAll(client)), 'head');
});

test('what was written before goes first, and nothing of the file with it', linux, async (t) => {
  const { server, client } = await pair(t);
  const before = Buffer.alloc(1024 * 1024, '-');
  let blocks = 0;
  for (let hasRoom = true; hasRoom; blocks++) hasRoom = server.write(before);
  assert.equal(sendFileTo(server, 'head', openFile(t), 0, 100), 0);
  server.end();
  const received = await readAll(client);
  assert.equal(received.length, blocks * before.length + 4);
  assert.equal(String(received.subarray(-6)), '--head');
});

test('a full socket takes what it has room for, head first', linux, async (t) => {
  const { server, client } = await pair(t);
  const file = openFile(t);
  let sent = 0;
  for (let bytes = 1; bytes > 0; sent += bytes) bytes = sendFileTo(server, '', file, 0, CONTENT.length);
  // By now there may be room again.
  const more = sendFileTo(server, 'head', file, 0, 100);
  server.end();
  const received = await readAll(client);
  assert.equal(received.latin1Slice(sent), `head${CONTENT.latin1Slice(0, more)}`);
});

test('nothing is sent on a connection that is lost', linux, async (t) => {
  const { server } = await pair(t);
  server.on('error', () => {}).destroy();
  assert.equal(sendFileTo(server, 'head', openFile(t), 0, 100), 0);
  await once(server, 'close');
});
