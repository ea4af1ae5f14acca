import assert from 'node:assert/strict';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { isInMemory, readNow, sendfile } from './sendfile.ts';

const linux = {
  skip: process.platform !== 'linux' && 'sendfile(2) is used on Linux',
  timeout: 20_000,
};

const CONTENT = Buffer.alloc(9_000_000, 'abcdefghijk');

function openFile(t: TestContext): number {
  const directory = mkdtempSync(join(tmpdir(), 'vivarium-sendfile-'));
  const path = join(directory, 'file');
  writeFileSync(path, CONTENT);
  readFileSync(path);
  const fd = openSync(path, 'r');
  t.after(() => {
    closeSync(fd);
    rmSync(directory, { recursive: true });
  });
  return fd;
}

async function pair(t: TestContext): Promise<{ server: Socket; client: Socket; fd: number }> {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const client = connect((listener.address() as AddressInfo).port, '127.0.0.1');
  const [server] = (await once(listener, 'connection')) as [Socket];
  t.after(() => {
    client.destroy();
    server.destroy();
    listener.close();
  });
  return { server, client, fd: (server as unknown as { _handle: { fd: number } })._handle.fd };
}

test('bytes of a file go into a socket, as many as it takes', linux, async (t) => {
  const file = openFile(t);
  const { client, fd } = await pair(t);
  // Nobody reads yet.
  client.pause();
  let at = 3;
  for (let sent = 1; sent > 0; at += sent) sent = sendfile(fd, file, at, CONTENT.length);
  // There is no room for all, and nobody waits for it.
  assert.ok(at > 3 && at < CONTENT.length, String(at));
  const received: Buffer[] = [];
  let length = 0;
  for await (const chunk of client) {
    received.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length === at - 3) break;
  }
  assert.ok(Buffer.concat(received).equals(CONTENT.subarray(3, at)));
});

test('what is in memory is known', linux, (t) => {
  const file = openFile(t);
  assert.equal(isInMemory(file, 0, CONTENT.length), true);
  assert.equal(isInMemory(file, 0, CONTENT.length + 1), false, 'behind the end');
  assert.equal(isInMemory(-1, 0, 1), false, 'no file');
});

test('what is in memory is read at once', linux, (t) => {
  const file = openFile(t);
  const target = Buffer.alloc(100_000);
  const count = readNow(file, target, 7);
  // 0 where the file system cannot tell what is in memory.
  if (count !== 0) assert.ok(target.subarray(0, count).equals(CONTENT.subarray(7, 7 + count)));
  assert.equal(readNow(file, target, CONTENT.length), 0);
  assert.equal(readNow(-1, target, 0), 0);
});

test('what cannot be sent so is not sent', linux, async (t) => {
  const file = openFile(t);
  const { server, fd } = await pair(t);
  assert.equal(sendfile(fd, file, CONTENT.length, CONTENT.length + 10), 0, 'behind the end');
  assert.equal(sendfile(-1, file, 0, 10), 0, 'no socket');
  assert.equal(sendfile(fd, -1, 0, 10), 0, 'no file');
  server.destroy();
  await once(server, 'close');
});
