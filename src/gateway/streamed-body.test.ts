import assert from 'node:assert/strict';
import { readdirSync, readlinkSync } from 'node:fs';
import { test } from 'node:test';
import { makeFolder } from '../../test/support/folder.ts';
import type { BodyError } from '../body-error.ts';
import { StreamedBody } from './streamed-body.ts';

const NO_SPOOL = { memoryMax: 10, fileMax: 0, directory: '' };

/** What a reader gets next: text, null at the end, or a status. */
function next(body: StreamedBody): Promise<string | number | null> {
  return new Promise((resolve) => {
    body.read((error, chunk) =>
      resolve(error !== null ? (error as BodyError).status : chunk && Buffer.from(chunk).toString()),
    );
  });
}

test('nothing is asked of the client before somebody reads', async () => {
  let asked = 0;
  const body = new StreamedBody({ wanted: () => asked++ }, -1, 0, NO_SPOOL);
  assert.equal(body.push(Buffer.from('ahead')), false);
  assert.equal(await next(body), 'ahead');
  assert.equal(asked, 0);
  const waiting = next(body);
  assert.equal(asked, 1);
  body.push(Buffer.from('more'));
  assert.equal(await waiting, 'more');
  const last = next(body);
  body.end(['X-Sum', '1']);
  assert.equal(await last, null);
  assert.deepEqual(body.trailers, ['X-Sum', '1']);
});

test('a body beyond its limit is refused: at once when that is declared, otherwise when it shows', async () => {
  const source = { wanted: () => {} };
  assert.equal(await next(new StreamedBody(source, 11, 10, NO_SPOOL)), 413);
  const body = new StreamedBody(source, -1, 10, NO_SPOOL);
  const first = next(body);
  body.push(Buffer.alloc(10, 'x'));
  assert.equal(await first, 'x'.repeat(10));
  const second = next(body);
  body.push(Buffer.from('x'));
  assert.equal(await second, 413);
});

test('only the time counts in which the reader waits for the client', async () => {
  const body = new StreamedBody({ wanted: () => {} }, -1, 0, NO_SPOOL);
  body.waits(1_000);
  assert.equal(body.waitedMs(3_000), 2_000);
  body.push(Buffer.from('x'));
  const waited = body.waitedMs(Number.MAX_SAFE_INTEGER);
  assert.equal(body.waitedMs(0), waited);
});

const skip = process.platform === 'linux' ? false : 'there is no /proc';

test('a client that leaves while its body is collected leaves no open file behind', { skip }, async (t) => {
  const directory = makeFolder(t);
  const openFiles = () =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
      } catch {
        return false;
      }
    }).length;
  const until = async (count: number) => {
    while (openFiles() !== count) await new Promise(setImmediate);
  };
  const body = new StreamedBody({ wanted: () => {} }, -1, 0, { memoryMax: 1, fileMax: 1_000, directory });
  body.collect(() => assert.fail('it was never whole'));
  body.push(Buffer.alloc(100));
  await until(1);
  body.discard();
  await until(0);
});
