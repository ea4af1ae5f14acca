import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import { SocketSet } from './socket-set.ts';

const unix = (path: string) => ({ kind: 'unix', path }) as const;
const tcp = (port: number, host = '127.0.0.1') => ({ kind: 'tcp', host, port }) as const;

test('what is open is kept, what is new is opened, and what nobody wants is closed', async (t) => {
  const folder = makeFolder(t);
  const set = new SocketSet();
  t.after(() => set.keepOnly([]));
  const [a, b] = [unix(`${folder}/a`), unix(`${folder}/b`)];
  const [first] = await set.open([a]);
  const [same, second] = await set.open([a, b]);
  assert.equal(same, first);
  set.keepOnly([b]);
  assert.deepEqual([existsSync(a.path), existsSync(b.path)], [false, true]);
  assert.deepEqual(await set.open([b]), [second]);
});

test('when one cannot be opened, the new ones before it are closed and the old ones stay', async (t) => {
  const folder = makeFolder(t);
  const set = new SocketSet();
  t.after(() => set.keepOnly([]));
  const [a, b] = [unix(`${folder}/a`), unix(`${folder}/b`)];
  await set.open([a]);
  await assert.rejects(set.open([a, b, unix(`${folder}/no/such`)]), /there is no directory/);
  assert.deepEqual([existsSync(a.path), existsSync(b.path)], [true, false]);
});

test('an address that is named twice is one socket', async (t) => {
  const set = new SocketSet();
  t.after(() => set.keepOnly([]));
  assert.equal((await set.open([tcp(0), tcp(0)])).length, 1);
});

test('an address that our own socket is in the way of is said to be so', async (t) => {
  const set = new SocketSet();
  t.after(() => set.keepOnly([]));
  const [socket] = await set.open([tcp(0)]);
  const server = createServer().listen({ fd: socket!.fd });
  t.after(() => server.close());
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await assert.rejects(
    set.open([tcp(port, '0.0.0.0')]),
    new RegExp(`in use.* This server listens at http://127\\.0\\.0\\.1:${port}: it has to be started anew`),
  );
});
