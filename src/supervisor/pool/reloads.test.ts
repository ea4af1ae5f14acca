/** What is said to those who asked for a reload, and what is remembered of why workers had to go. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PoolSurroundings } from '../../../test/support/pool-surroundings.ts';
import { ExitHistory } from '../control/exit-history.ts';
import { STOPPING } from './reloads.ts';

test('a reload ends when requests go to the new workers', async () => {
  const at = new PoolSurroundings(1).serve();
  const outcome = at.pool.reload();
  at.pool.workerReady(2);
  assert.deepEqual(await outcome, {
    ok: true,
    detail: 'requests go to 1 new worker, 1 old finish theirs',
  });
  at.pool.workerDrained(1);
  at.exit(1, 'exited with status 0');
  assert.deepEqual(at.ends, ['exited with status 0; was replaced by a reload']);
});

test('a reload that fails says why, with the traceback of the new code', async () => {
  const at = new PoolSurroundings(2).serve();
  const outcome = at.pool.reload();
  at.fail(3, 'Traceback\nImportError: no');
  at.exit(4, 'exited with status 0');
  assert.deepEqual(await outcome, {
    ok: false,
    why: 'worker 3 could not load the application: ImportError: no',
    traceback: 'Traceback\nImportError: no',
  });
  assert.deepEqual(at.ends, [
    'exited with status 3; could not load the application: ImportError: no',
    'exited with status 0; belonged to a reload that failed',
  ]);
});

test('a reload that fails without a traceback has none', async () => {
  const at = new PoolSurroundings(1).serve();
  const outcome = at.pool.reload();
  at.exit(2);
  const why = 'worker 2 was killed by SIGKILL';
  assert.deepEqual(await outcome, { ok: false, why, traceback: null });
});

test('who asks during a reload waits for the next one', async () => {
  const at = new PoolSurroundings(1).serve();
  const first = at.pool.reload();
  const second = at.pool.reload();
  const third = at.pool.reload();
  at.exit(2);
  assert.equal((await first).ok, false);
  at.pool.workerReady(3);
  assert.equal((await second).ok, true);
  assert.equal((await third).ok, true);
  assert.equal(at.spawned, 3);
});

test('a stop ends every wait', async () => {
  const at = new PoolSurroundings(1).serve();
  const outcomes = [at.pool.reload(), at.pool.reload()];
  void at.pool.stop();
  for (const outcome of await Promise.all(outcomes)) {
    assert.deepEqual(outcome, STOPPING);
  }
});

test('the last exits are kept, the newest first, and counted by why', () => {
  const history = new ExitHistory();
  const end = (n: number, state: 'active' | 'stopping', failure: string | null, cause: string) =>
    history.addWorker({ state, failure, reason: null, stopReason: 'script_reload' }, `worker ${n}`, cause);
  end(1, 'active', null, 'was killed by SIGKILL');
  end(2, 'stopping', 'was not ready within 15 s', 'was killed by SIGKILL');
  for (let n = 3; n <= 12; n++) end(n, 'stopping', null, 'exited with status 0');
  history.addGateway('the gateway', 'x', false);
  assert.deepEqual(history.restarts, { workers: 2, gateways: 1 });
  assert.deepEqual(history.workerReasons, { killed: 1, failed: 1, script_reload: 10 });
  assert.deepEqual([history.newest.length, history.newest[0]!.process], [10, 'the gateway']);
  assert.ok(!Number.isNaN(Date.parse(history.newest[0]!.at)));
});
