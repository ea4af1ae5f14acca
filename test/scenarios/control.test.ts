/** The commands that talk to a running server, with real servers. */
import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { CountingLoad } from '../support/counting-load.ts';
import { makeFolder, textApplication } from '../support/folder.ts';
import { NO_PROC } from '../support/processes.ts';
import { getOnce } from '../support/raw-client.ts';
import { APPS, runVivarium, startServer } from '../support/vivarium.ts';

test('status under load', { skip: NO_PROC }, async (t) => {
  const folder = makeFolder(t);
  const root = `${folder}/root`;
  const args = ['--processes', '2', '--threads', '2', '--no-access-log', '--server-root', root];
  const server = await startServer([
    `${APPS}counting.py`,
    ...args,
    '--setenv',
    'COUNT_FILE',
    `${folder}/count`,
  ]);
  t.after(() => server.stop());
  const load = new CountingLoad(server.port, { connections: 8, query: '&ms=20' });
  await load.waitForAnswers(20);
  const answered = load.answers;
  const { code, output } = await runVivarium(['status', '--json', '--server-root', root]);
  await load.stop();
  assert.equal(code, 0, output);
  const status = JSON.parse(output);
  assert.deepEqual([status.pid, status.state, status.urls], [server.pid, 'serving', [server.url]]);
  assert.ok(status.gateway.residentBytes > 0 && status.gateway.connections >= 1);
  const { workers } = status.applications[0];
  assert.equal(workers.length, 2);
  const sum = workers.reduce((total: number, worker: { answered: number }) => total + worker.answered, 0);
  assert.ok(sum >= answered, `${sum} of ${answered}`);
  for (const worker of workers)
    assert.ok(worker.state === 'active' && worker.residentBytes > 0 && worker.pid > 0);

  process.kill(workers[0].pid, 'SIGKILL');
  await server.waitForOutput(/worker-replaced/);
  const after = await runVivarium(['status', '--server-root', root]);
  assert.match(after.output, /^Ended Unasked +: workers 1, gateways 0$/m);
  assert.match(after.output, new RegExp(`worker \\d \\(pid ${workers[0].pid}\\) was killed by SIGKILL`));
  const table = await runVivarium(['workers', '--server-root', root]);
  assert.equal(table.output.trimEnd().split('\n').length, 3, table.output);
});

test('a reload waits for its end, and a broken one says why', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('old') });
  const root = `${folder}/root`;
  // A command is slow on a busy machine: the changed file would be loaded before it, and the workers counted on.
  const args = ['--processes', '1', '--server-root', root, '--disable-reloading'];
  const server = await startServer([`${folder}/wsgi.py`, ...args]);
  t.after(() => server.stop());
  writeFileSync(`${folder}/wsgi.py`, textApplication('new'));
  const good = await runVivarium(['reload', '--server-root', root]);
  assert.equal(good.code, 0, good.output);
  assert.match(good.output, /^reloaded: requests go to 1 new worker,/m);
  assert.equal((await getOnce(server.port, '/')).text, 'new');
  writeFileSync(`${folder}/wsgi.py`, 'raise RuntimeError("broken")\n');
  const bad = await runVivarium(['reload', '--server-root', root]);
  assert.equal(bad.code, 1, bad.output);
  assert.match(
    bad.output,
    /^vivarium reload: worker 3 .* could not load the application: RuntimeError: broken$/m,
  );
  assert.match(bad.output, /^Traceback[\s\S]*wsgi\.py", line 1[\s\S]*^RuntimeError: broken$/m);
  const json = await runVivarium(['reload', '--json', '--server-root', root]);
  assert.equal(json.code, 1);
  assert.match(JSON.parse(json.output).traceback, /RuntimeError: broken/);
  assert.equal((await getOnce(server.port, '/')).text, 'new');
});

test('a stop waits until all has ended', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('x') });
  for (const argv of [['stop'], ['stop', '--now']]) {
    const root = `${folder}/root`;
    const server = await startServer([`${folder}/wsgi.py`, '--processes', '1', '--server-root', root]);
    const stopped = await runVivarium([...argv, '--server-root', root]);
    assert.equal(stopped.code, 0, stopped.output);
    assert.match(stopped.output, /stopped: all processes have ended/);
    assert.equal(existsSync(root), false);
    assert.deepEqual(await server.exited, { code: 0, signal: null });
    assert.equal((await runVivarium([...argv, '--server-root', root])).code, 1);
  }
});

test('of several servers one must be named; one that was killed is not listed', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('x') });
  const roots = ['a', 'b', 'c'].map((name) => `${folder}/${name}`);
  const env = { XDG_RUNTIME_DIR: folder };
  const [a, b, c] = await Promise.all(
    roots.map((root) =>
      startServer([`${folder}/wsgi.py`, '--processes', '1', '--server-root', root], { env }),
    ),
  );
  t.after(() => Promise.all([a!.stop(), b!.stop()]));
  c!.signal('SIGKILL');
  await c!.exited;
  assert.ok(existsSync(`${folder}/vivarium/${c!.pid}`));
  const { code, output } = await runVivarium(['status'], { env });
  assert.equal(code, 2, output);
  assert.match(output, /servers are running; name one of them:/);
  assert.ok(output.includes(`--server-root ${roots[0]}  (pid ${a!.pid})`), output);
  assert.ok(output.includes(`--server-root ${roots[1]}  (pid ${b!.pid})`), output);
  assert.ok(!output.includes(roots[2]!), output);
  assert.equal(existsSync(`${folder}/vivarium/${c!.pid}`), false);
});
