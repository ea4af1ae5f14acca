import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { BoundSocket, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { parseTcpAddress } from './inherited-socket.ts';
import { bindPath, openListeningSockets } from './listening-sockets.ts';

const folder = mkdtempSync(join(tmpdir(), 'listening-'));
after(() => rmSync(folder, { recursive: true }));

async function serve(fd: number): Promise<Server> {
  const server = createServer((socket: Socket) => socket.end());
  server.listen({ fd });
  await once(server, 'listening');
  return server;
}

const refused = (message: RegExp) => ({ name: 'StartupError', message });

test('binds a port of the kernel’s choice and names it', async () => {
  const [socket] = await openListeningSockets([{ kind: 'tcp', host: '127.0.0.1', port: 0 }]);
  assert.match(socket!.url, /^http:\/\/127\.0\.0\.1:[1-9]\d*$/);
  assert.ok(socket!.fd > 2);
  assert.equal(socket!.path, null);
  socket!.close();
});

test('a name stands for its addresses, and IPv6 is written in brackets', async () => {
  const named = await openListeningSockets([{ kind: 'tcp', host: 'localhost', port: 0 }]);
  assert.ok(named.length >= 1);
  for (const socket of named) assert.match(socket.url, /^http:\/\/(127\.0\.0\.1|\[::1\]):\d+$/);
  for (const socket of named) socket.close();
});

test('an address in use is refused, and what was bound before is given back', async () => {
  const taken = new BoundSocket({ host: '127.0.0.1', port: 0 });
  const { port } = taken.address() as { port: number };
  const server = await serve(taken.fd());
  const path = join(folder, 'first.sock');
  await assert.rejects(
    openListeningSockets(
      [
        { kind: 'unix', path },
        { kind: 'tcp', host: '127.0.0.1', port },
      ],
      0,
    ),
    refused(
      new RegExp(
        `cannot listen on 127\\.0\\.0\\.1:${port}: the address is in use, another process listens there \\(EADDRINUSE\\)`,
      ),
    ),
  );
  assert.equal(existsSync(path), false);
  server.close();
});

test('an address in use for a moment is waited for', async () => {
  const taken = new BoundSocket({ host: '127.0.0.1', port: 0 });
  const { port } = taken.address() as { port: number };
  const server = createServer().listen({ handle: taken });
  await once(server, 'listening');
  const opening = openListeningSockets([{ kind: 'tcp', host: '127.0.0.1', port }], 60_000);
  server.close();
  const [socket] = await opening;
  socket!.close();
});

test('an address of another machine and an unknown name are refused', async () => {
  await assert.rejects(
    openListeningSockets([{ kind: 'tcp', host: '192.0.2.1', port: 0 }]),
    refused(/cannot listen on 192\.0\.2\.1:0: this machine does not have that address \(EADDRNOTAVAIL\)/),
  );
  await assert.rejects(
    openListeningSockets([{ kind: 'tcp', host: 'no-such-host.invalid', port: 0 }]),
    refused(/cannot listen on no-such-host\.invalid: the name has no address/),
  );
});

test('a Unix socket may be connected to by all, and its file goes with it', async () => {
  const path = join(folder, 'a.sock');
  const [socket] = await openListeningSockets([{ kind: 'unix', path }]);
  assert.equal(socket!.url, `unix:${path}`);
  socket!.close();
  assert.equal(existsSync(path), false);
});

test('a stale socket file is replaced, a live one is refused', async () => {
  const path = join(folder, 'b.sock');
  // Bound and not listening is what the file of a dead process looks like: nobody answers.
  const stale = bindPath(path);
  const [socket] = await openListeningSockets([{ kind: 'unix', path }]);
  const server = await serve(socket!.fd);
  await assert.rejects(
    openListeningSockets([{ kind: 'unix', path }]),
    refused(/b\.sock: the address is in use, another process listens there/),
  );
  server.close();
  stale.close();
});

test('a file that is not a socket is never removed', async () => {
  const path = join(folder, 'c.sock');
  writeFileSync(path, 'precious');
  await assert.rejects(
    openListeningSockets([{ kind: 'unix', path }]),
    refused(/there is a file that is not a socket/),
  );
  assert.equal(existsSync(path), true);
});

test('a path that cannot be a socket is refused in words', async () => {
  const absent = join(folder, 'absent', 'd.sock');
  await assert.rejects(
    openListeningSockets([{ kind: 'unix', path: absent }]),
    refused(/there is no directory .*absent$/),
  );
  const long = join(folder, 'x'.repeat(120));
  await assert.rejects(
    openListeningSockets([{ kind: 'unix', path: long }]),
    refused(/bytes, and .* can have 107/),
  );
});

test('an inherited socket must be a socket that listens', {
  skip: process.platform !== 'linux',
}, async () => {
  await assert.rejects(
    openListeningSockets([{ kind: 'fd', fd: 999 }]),
    refused(/fd:999: the server was started without/),
  );
  const file = join(folder, 'file');
  writeFileSync(file, '');
  await assert.rejects(
    openListeningSockets([{ kind: 'fd', fd: openSync(file, 'r') }]),
    refused(/it is not a socket/),
  );
  const bound = new BoundSocket({ host: '127.0.0.1', port: 0 });
  await assert.rejects(
    openListeningSockets([{ kind: 'fd', fd: bound.fd() }]),
    refused(/not a listening stream socket/),
  );
  bound.close();
});

test('an inherited socket tells its address', { skip: process.platform !== 'linux' }, async () => {
  const path = join(folder, 'my inherited.sock');
  const bound = [
    new BoundSocket({ host: '127.0.0.1', port: 0 }),
    new BoundSocket({ host: '::1', port: 0 }),
    bindPath(path),
  ];
  const servers = [];
  for (const socket of bound) servers.push(await serve(socket.fd()));
  const adopted = await openListeningSockets(
    bound.map((socket) => ({ kind: 'fd' as const, fd: socket.fd() })),
  );
  const port = (socket: BoundSocket | undefined) => (socket!.address() as { port: number }).port;
  assert.deepEqual(
    adopted.map(({ url, path }) => [url, path]),
    [
      [`http://127.0.0.1:${port(bound[0])}`, null],
      [`http://[::1]:${port(bound[1])}`, null],
      [`unix:${path}`, path],
    ],
  );
  for (const server of servers) server.close();
});

test('addresses of the kernel’s table', () => {
  assert.equal(parseTcpAddress('0100007F:1F90'), 'http://127.0.0.1:8080');
  assert.equal(parseTcpAddress('00000000000000000000000001000000:0050'), 'http://[::1]:80');
  assert.equal(parseTcpAddress('B80D0120000000000000000001000000:0050'), 'http://[2001:db8::1]:80');
});
