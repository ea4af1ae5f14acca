/** A reload of a changed configuration, and a restart: a second stack takes over, or the first one goes on untouched. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { askServer } from '../../src/control/client.ts';
import { assertEachRunOnce, CountingLoad } from '../support/counting-load.ts';
import { makeFolder, textApplication } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import { APPS, startServer, VivariumProcess } from '../support/vivarium.ts';

test('restarts and changes of the configuration under load lose no request and double none', async (t) => {
  const folder = makeFolder(t);
  const countFile = `${folder}/count`;
  const file = `${folder}/vivarium.toml`;
  const configure = (threads: number) => writeFileSync(file, `threads = ${threads}\nprocesses = 2\n`);
  configure(2);
  const root = `${folder}/root`;
  const server = await startServer(
    [`${APPS}counting.py`, '--config', file, '--no-access-log', '--server-root', root].concat([
      ...['--setenv', 'COUNT_FILE', countFile],
    ]),
  );
  t.after(() => server.stop());

  const load = new CountingLoad(server.port, { connections: 16 });
  for (let n = 0; n < 4; n++) {
    configure(3 + n);
    const from = server.output.length;
    server.signal('SIGHUP');
    await server.waitForOutput(/reload-finished: a new gateway/, from);
    await load.waitForAnswers(50);
    const outcome = await askServer(root, { command: 'restart' });
    assert.ok(outcome.ok, JSON.stringify(outcome));
    await load.waitForAnswers(50);
  }
  const tally = await load.stop();

  const runs = assertEachRunOnce(tally, countFile);
  assert.ok(new Set([...runs.values()].map(({ pid }) => pid)).size > 8);
  const { status } = (await askServer(root, { command: 'status' })) as {
    status: { applications: readonly { threads: number }[] };
  };
  assert.equal(status.applications[0]!.threads, 6);
});

test('what a configuration changes is there after a reload, and a bad one changes nothing', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('application'), 'page.txt': 'page' });
  const file = `${folder}/vivarium.toml`;
  const write = (text: string) => writeFileSync(file, text);
  const [tcp, unix] = ['"127.0.0.1:0"', `"unix:${folder}/second.sock"`];
  write(`listen = [${tcp}]\n`);
  const server = new VivariumProcess(['serve', `${folder}/wsgi.py`, '--config', file]);
  t.after(() => server.stop());
  const port = Number((await server.waitForOutput(/^Server URL .*:(\d+)[\s\S]*^Access Log/m))[1]);
  const reload = async (outcome: RegExp): Promise<void> => {
    const from = server.output.length;
    server.signal('SIGHUP');
    await server.waitForOutput(outcome, from);
  };
  const get = async (to: number | string, target: string) => (await getOnce(to, target)).text;

  assert.equal(await get(port, '/page'), 'application');
  write(`listen = [${tcp}, ${unix}]\n[url-alias]\n"/page" = "${folder}/page.txt"\n`);
  await reload(/reload-finished/);
  assert.equal(await get(port, '/page'), 'page');
  assert.equal(await get(`${folder}/second.sock`, '/'), 'application');

  for (const [bad, why] of [
    ['threads = "many"\n', /reload-failed: .*mistake[\s\S]*threads/],
    [`server-root = "${folder}/elsewhere"\n`, /reload-failed: a running server cannot change server-root/],
    [`listen = [${tcp}, "unix:${folder}/no/such.sock"]\n`, /reload-failed: cannot listen on unix/],
  ] as const) {
    write(bad);
    await reload(why);
    assert.equal(await get(port, '/page'), 'page');
  }

  write(`listen = [${unix}]\n`);
  writeFileSync(`${folder}/wsgi.py`, 'raise RuntimeError("broken")\n');
  await reload(/RuntimeError: broken[\s\S]*reload-failed/);
  assert.equal(await get(port, '/page'), 'page');

  const leaving = `${textApplication('leaving')}import os, threading\nthreading.Timer(0.1, os._exit, [7]).start()\n`;
  writeFileSync(`${folder}/wsgi.py`, leaving);
  await reload(/reload-failed: worker \d+ \(pid \d+\) exited with status 7/);
  assert.equal(await get(port, '/page'), 'page');

  writeFileSync(`${folder}/wsgi.py`, textApplication('mended'));
  await reload(/reload-finished/);
  assert.equal(await get(`${folder}/second.sock`, '/page'), 'mended');
  // The old gateway may need a moment to hear of it.
  const refusal = async () => get(port, '/').then(() => '', String);
  while (!(await refusal()).includes('ECONNREFUSED')) await new Promise(setImmediate);
});
