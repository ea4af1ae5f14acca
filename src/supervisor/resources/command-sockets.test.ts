import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, rmSync, statSync } from 'node:fs';
import net from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import { CommandSockets } from './command-sockets.ts';

const SHOP = { application: 'shop', generation: 1 };

function create(t: TestContext) {
  const folder = makeFolder(t);
  const sockets = new CommandSockets(null);
  t.after(() => sockets.close());
  return { sockets, pathOf: (worker: number) => join(folder, `cmd-${worker}.sock`) };
}

test('a socket that is inherited is private, and outlives the name that a server removes', async (t) => {
  const { sockets, pathOf } = create(t);
  const socket = sockets.open('inherited', SHOP, pathOf(1));
  assert.equal(statSync(pathOf(1)).mode & 0o777, 0o600);
  rmSync(pathOf(1).replace('.sock', '.own'));
  const server = net.createServer((client) => client.end('hello')).listen({ fd: socket.fd! });
  await once(server, 'listening');
  const client = net.connect(pathOf(1));
  const [greeting] = await once(client, 'data');
  assert.equal(String(greeting), 'hello');
  server.close();
  socket.close();
  assert.equal(existsSync(pathOf(1)), false);
});

test('a command takes over the socket of the one that has died in its place', (t) => {
  const { sockets, pathOf } = create(t);
  const dead = sockets.open('inherited', SHOP, pathOf(1));
  sockets.leave(dead, SHOP);
  const others = [
    sockets.open('inherited', { ...SHOP, generation: 2 }, pathOf(2)),
    sockets.open('inherited', { ...SHOP, application: 'blog' }, pathOf(3)),
  ];
  assert.deepEqual(
    others.map(({ path }) => path),
    [pathOf(2), pathOf(3)],
  );
  const next = sockets.open('inherited', SHOP, pathOf(4));
  assert.deepEqual([next.path, next.fd], [pathOf(1), dead.fd]);
  // Once.
  const last = sockets.open('inherited', SHOP, pathOf(5));
  assert.equal(last.path, pathOf(5));
  for (const socket of [...others, next, last]) socket.close();
});

test('when newer commands serve, what is left of older ones is closed', (t) => {
  const { sockets, pathOf } = create(t);
  sockets.leave(sockets.open('inherited', SHOP, pathOf(1)), SHOP);
  sockets.forget({ ...SHOP, generation: 1 });
  sockets.forget({ application: 'blog', generation: 9 });
  assert.equal(existsSync(pathOf(1)), true);
  sockets.forget({ ...SHOP, generation: 2 });
  assert.equal(existsSync(pathOf(1)), false);
});

test('a command that binds by itself gets a port or a path of its own', (t) => {
  const { sockets, pathOf } = create(t);
  const { port, path, fd } = sockets.open('port', SHOP, pathOf(1));
  assert.deepEqual([port > 1023, path, fd], [true, null, null]);
  const own = sockets.open('path', SHOP, pathOf(2));
  assert.deepEqual([own.port, own.path, own.fd], [0, pathOf(2), null]);
  // The next one binds another.
  sockets.leave(own, SHOP);
  assert.equal(sockets.open('path', SHOP, pathOf(3)).path, pathOf(3));
});
