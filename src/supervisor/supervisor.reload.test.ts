/** A supervisor whose configuration changes, with a fake gateway and fake workers: a second stack takes over, or does not. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { folder, READY, Run } from '../../test/support/supervisor-run.ts';

/** Any change will do. */
const CHANGED = { backlog: 101 };

test('a second stack takes over, and the first one ends', async () => {
  const run = new Run('serve');
  await run.line(READY, 2);
  const before = await run.getFrom(2);
  run.configure(CHANGED);
  run.signal('SIGHUP');
  await run.line(/reload-finished: a new gateway/);
  await run.line(new RegExp(`gateway-exited: the gateway \\(pid ${before.gateway}\\) exited with status 0`));
  const after = await run.getFrom(2);
  assert.notEqual(after.gateway, before.gateway);
  assert.deepEqual([...after.workers].sort(), [3, 4]);
  await run.stop();
});

test('a gateway that cannot serve the new configuration, or workers that fail, leave the first one', async () => {
  const run = new Run('serve');
  await run.line(READY, 2);
  const before = await run.getFrom(2);
  run.configure({ http: { serverTokens: true } });
  run.signal('SIGHUP');
  await run.line(/reload-failed: the test said so\. Everything goes on as before the reload/);
  run.configure({ ...CHANGED, listen: [{ kind: 'unix', path: join(folder, 'no', 'such') }] });
  run.signal('SIGHUP');
  await run.line(/reload-failed: cannot listen on unix:.*there is no directory/);
  run.configure(CHANGED);
  run.behave('fail');
  run.signal('SIGHUP');
  await run.line(/reload-failed: worker \d+ \(pid \d+\) could not load the application: ImportError/);
  const after = await run.getFrom(2);
  assert.equal(after.gateway, before.gateway);
  assert.deepEqual([...after.workers].sort(), [1, 2]);
  await run.stop();
});

test('the gateway that serves may die while a second stack is started', async () => {
  const run = new Run('serve');
  await run.line(READY, 2);
  const before = await run.getFrom(2);
  run.configure(CHANGED);
  run.signal('SIGHUP');
  await run.line(/reload-started/);
  process.kill(before.gateway, 'SIGKILL');
  await run.line(/reload-finished: a new gateway/);
  assert.deepEqual([...(await run.getFrom(2)).workers].sort(), [3, 4]);
  await run.stop();
});

test('a stop while a second stack is started ends both', async () => {
  const run = new Run('serve');
  await run.line(READY, 2);
  run.configure(CHANGED);
  run.behave('hang');
  run.signal('SIGHUP');
  await run.line(/reload-started/);
  await run.stop();
  assert.equal(existsSync(run.root), false);
});
