import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PoolSurroundings } from '../../test/support/pool-surroundings.ts';
import { reloadTogether } from './reload-together.ts';

/** Two applications of one worker each, which serve. */
function twoApplications() {
  const [shop, blog] = [new PoolSurroundings(1).serve(), new PoolSurroundings(1).serve()];
  const outcome = reloadTogether([
    { name: 'shop', pool: shop.pool },
    { name: 'blog', pool: blog.pool },
  ]);
  return { shop, blog, outcome };
}

test('requests go to the new workers of all when the last of them is ready', async () => {
  const { shop, blog, outcome } = twoApplications();
  shop.pool.workerReady(2);
  assert.deepEqual(shop.told(), []);
  blog.pool.workerReady(2);
  assert.deepEqual([shop.told(), blog.told()], [['switch +2 -1'], ['switch +2 -1']]);
  const detail = 'requests go to 1 new worker, 1 old finish theirs';
  assert.deepEqual(await outcome, { ok: true, detail: `shop: ${detail}; blog: ${detail}` });
});

test('when one cannot be loaded, the new workers of the others are given up, ready or not', async () => {
  const { shop, blog, outcome } = twoApplications();
  shop.pool.workerReady(2);
  blog.fail(2, 'Traceback\nImportError: no');
  assert.deepEqual(await outcome, {
    ok: false,
    why: 'blog: worker 2 could not load the application: ImportError: no',
    traceback: 'Traceback\nImportError: no',
  });
  assert.ok(shop.lines.some((line) => line.startsWith('reload-failed: blog could not be reloaded')));
  assert.deepEqual([shop.told(), shop.signals()], [[], ['TERM 2']]);
  shop.exit(2);
  assert.deepEqual([[...shop.alive], [...blog.alive]], [[1], [1]]);
});

test('a new worker that ends while it waits for another application ends the reload', async () => {
  const { shop, blog, outcome } = twoApplications();
  shop.pool.workerReady(2);
  shop.exit(2);
  assert.equal((await outcome).ok, false);
  blog.pool.workerReady(2);
  assert.deepEqual(
    blog.told().filter((message) => message.startsWith('switch')),
    [],
  );
});

test('one application alone has no name in its outcome, and of none nothing is asked', async () => {
  const shop = new PoolSurroundings(1).serve();
  const outcome = reloadTogether([{ name: 'shop', pool: shop.pool }]);
  shop.pool.workerReady(2);
  assert.deepEqual(await outcome, { ok: true, detail: 'requests go to 1 new worker, 1 old finish theirs' });
  assert.equal((await reloadTogether([])).ok, true);
});
