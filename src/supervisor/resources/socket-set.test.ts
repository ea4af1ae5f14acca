import assert from 'node:assert/strict';
import { existsSync, statSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { makeFolder } from '../../../test/support/folder.ts';
import type { ListenAddress } from '../../config/listen-address.ts';
import { SocketSet } from './socket-set.ts';

const unix = (path: string) => ({ kind: 'unix', path }) as const;
const socketFiles = { mode: null, owner: null, group: null };
const site = (...listen: ListenAddress[]) => ({ listen, adminListen: null, socketFiles });
const tcp = (port: number, host = '127.0.0.1') => ({ kind: 'tcp', host, port }) as const;

test('what is open is kept, what is new is opened, and what nobody wants is closed', async (t) => {
  const folder = makeFolder(t);
  const set = new SocketSet();
  t.after(() => set.close());
  const [a, b] = [unix(`${folder}/a`), unix(`${folder}/b`)];
  const [first] = await set.open(site(a));
  const [same, second] = await set.open(site(a, b));
  assert.equal(same!.fd, first!.fd);
  const [, secure] = await set.open(site(a, { ...b, tls: true }));
  assert.deepEqual([second!.fd, false, true], [secure!.fd, second!.tls, secure!.tls]);
  set.keepOnly(site(b));
  assert.deepEqual([existsSync(a.path), existsSync(b.path)], [false, true]);
  assert.deepEqual(await set.open(site(b)), [second]);
});

test('when one cannot be opened, the new ones before it are closed and the old ones stay', async (t) => {
  const folder = makeFolder(t);
  const set = new SocketSet();
  t.after(() => set.close());
  const [a, b] = [unix(`${folder}/a`), unix(`${folder}/b`)];
  await set.open(site(a));
  await assert.rejects(set.open(site(a, b, unix(`${folder}/no/such`))), /there is no directory/);
  assert.deepEqual([existsSync(a.path), existsSync(b.path)], [true, false]);
});

test('an address that is named twice is one socket', async (t) => {
  const set = new SocketSet();
  t.after(() => set.close());
  assert.equal((await set.open(site(tcp(0), tcp(0)))).length, 1);
});

test('an address that our own socket is in the way of is said to be so', async (t) => {
  const set = new SocketSet();
  t.after(() => set.close());
  const [socket] = await set.open(site(tcp(0)));
  const server = createServer().listen({ fd: socket!.fd });
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await assert.rejects(
    set.open(site(tcp(port, '0.0.0.0'))),
    new RegExp(`in use.* This server listens at http://127\\.0\\.0\\.1:${port}: it has to be started anew`),
  );
});

test('the site and the admin listener have sockets of their own, at any free port', async (t) => {
  const set = new SocketSet();
  t.after(() => set.close());
  const sockets = await set.open({ ...site(tcp(0)), adminListen: tcp(0) });
  assert.deepEqual(
    sockets.map(({ role }) => role),
    ['site', 'admin'],
  );
  assert.notEqual(sockets[0]!.url, sockets[1]!.url);
  set.keepOnly(site(tcp(0)));
  assert.deepEqual(await set.open(site(tcp(0))), [sockets[0]]);
});

test('a reload changes who may connect to a socket that stays open, and takes it back when it fails', async (t) => {
  const folder = makeFolder(t);
  const set = new SocketSet();
  t.after(() => set.close());
  const { path, ...rest } = unix(`${folder}/a`);
  const mode = () => (statSync(path).mode & 0o777).toString(8);
  const before = site({ ...rest, path, protocol: 'scgi' });
  const [socket] = await set.open(before);
  assert.deepEqual([socket!.url, socket!.protocol, mode()], [`scgi://unix:${path}`, 'scgi', '660']);
  const [same] = await set.open({ ...before, socketFiles: { ...socketFiles, mode: 0o606 } });
  assert.deepEqual([same!.fd, mode()], [socket!.fd, '606']);
  set.keepOnly(before);
  assert.equal(mode(), '660');
});
