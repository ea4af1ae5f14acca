import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { acceptWaiting, descriptorOf, NONE, type SocketCalls, socketCalls } from './socket-calls.ts';

const linux = { skip: socketCalls() === null && 'there are no foreign functions here', timeout: 20_000 };

interface Connected {
  readonly calls: SocketCalls;
  readonly listenFd: number;
  readonly path: string;
  readonly client: Socket;
  /** Our end. */
  readonly fd: number;
}

/** connect(2) is done when `connect` returns: the connection waits, and Node's server has not seen it yet. */
async function accepted(t: TestContext): Promise<Connected> {
  const calls = socketCalls()!;
  const directory = mkdtempSync(join(tmpdir(), 'vivarium-calls-'));
  const path = join(directory, 'socket');
  const server = createServer().listen(path);
  await once(server, 'listening');
  const listenFd = descriptorOf(server as unknown as Socket);
  const client = connect(path);
  const fd = calls.accept(listenFd);
  await once(client, 'connect');
  t.after(() => {
    client.destroy();
    server.close();
    rmSync(directory, { recursive: true });
  });
  return { calls, listenFd, path, client, fd };
}

test('what waits is accepted, and nothing is waited for', linux, async (t) => {
  const { calls, listenFd, fd } = await accepted(t);
  assert.ok(fd > 2);
  assert.equal(calls.accept(listenFd), NONE);
  assert.equal(calls.receive(fd), null);
  calls.close(fd);
});

test('all that wait are handed over, up to a limit', linux, async (t) => {
  const { calls, listenFd, path, fd } = await accepted(t);
  const clients = Array.from({ length: 70 }, () => connect(path));
  const taken: number[] = [];
  acceptWaiting(listenFd, calls, (each) => taken.push(each));
  assert.equal(taken.length, 64);
  acceptWaiting(listenFd, calls, (each) => taken.push(each));
  assert.equal(new Set(taken).size, 70);
  for (const each of [fd, ...taken]) calls.close(each);
  await Promise.all(clients.map((client) => once(client.resume(), 'close')));
});

test('bytes in and out, and the end', linux, async (t) => {
  const { calls, client, fd } = await accepted(t);
  await new Promise((written) => client.write('question \xe9', 'latin1', written));
  const first = calls.receive(fd)!;
  await new Promise((written) => client.write('another', 'latin1', written));
  assert.equal(calls.receive(fd)!.latin1Slice(), 'another');
  assert.equal(first.latin1Slice(), 'question \xe9', 'the buffer is its own');

  const heard: Buffer[] = [];
  client.on('data', (chunk: Buffer) => heard.push(chunk));
  assert.equal(calls.send(fd, 'answer \xe9'), 8);
  assert.equal(calls.send(fd, Buffer.from('!')), 1);
  calls.close(fd);
  await once(client, 'end');
  assert.equal(Buffer.concat(heard).latin1Slice(), 'answer \xe9!');
});

test('as many bytes as there is room for; none for a client who has gone', linux, async (t) => {
  const { calls, client, fd } = await accepted(t);
  const bytes = Buffer.alloc(8_000_000);
  const sent = calls.send(fd, bytes);
  assert.ok(sent > 0 && sent < bytes.length, `${sent}`);
  assert.equal(calls.send(fd, 'more'), 0);
  client.destroy();
  await once(client, 'close');
  assert.equal(calls.send(fd, 'more'), 0);
  assert.equal(calls.receive(fd), null);
  calls.close(fd);
});

test('text that is longer than the buffer is sent in part', linux, async (t) => {
  const { calls, fd } = await accepted(t);
  assert.equal(calls.send(fd, 'x'.repeat(70_000)), 65_536);
  calls.close(fd);
});

test('a descriptor that is none does no harm', linux, () => {
  const calls = socketCalls()!;
  assert.equal(calls.accept(NONE), NONE);
  assert.equal(calls.receive(NONE), null);
  assert.equal(calls.send(NONE, 'x'), 0);
});
