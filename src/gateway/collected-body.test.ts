import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import { CollectedBody } from './collected-body.ts';

const never = () => assert.fail('nothing was held');

test('a body in memory', (t) => {
  const body = new CollectedBody({ memoryMax: 10, fileMax: 100, directory: makeFolder(t) });
  assert.equal(body.add(Buffer.from('ab'), never), true);
  assert.equal(body.add(Buffer.from('c'), never), true);
  body.complete();
  assert.equal(body.size, 3);
  assert.equal(Buffer.from(body.inMemory!).toString(), 'abc');
  body.discard();
});

test('an empty body', (t) => {
  const body = new CollectedBody({ memoryMax: 10, fileMax: 100, directory: makeFolder(t) });
  body.complete();
  assert.equal(body.size, 0);
  assert.equal(body.inMemory!.length, 0);
});

test('a body in a file: its size stays while it is read, and a client that was held goes on', async (t) => {
  const body = new CollectedBody({ memoryMax: 10, fileMax: 10_000_000, directory: makeFolder(t) });
  let isHeld = true;
  await new Promise<void>((resolve) => {
    isHeld = !body.add(Buffer.alloc(2_000_000), resolve);
  });
  assert.equal(isHeld, true);
  body.complete();
  assert.equal(body.inMemory, null);
  let bytes = 0;
  for (;;) {
    const chunk = await new Promise<Uint8Array | null>((resolve, reject) => {
      body.read((error, read) => (error === null ? resolve(read) : reject(error)));
    });
    if (chunk === null) break;
    bytes += chunk.length;
  }
  assert.equal(bytes, 2_000_000);
  assert.equal(body.size, 2_000_000);
  body.discard();
});
