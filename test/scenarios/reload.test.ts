/** A reload (SIGHUP) under load: new workers first, then the old ones finish; nothing is lost, nothing is run twice. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { assertEachRunOnce, CountingLoad } from '../support/counting-load.ts';
import { makeFolder, textApplication } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import { APPS, startServer } from '../support/vivarium.ts';

const RELOADS = 10;

test(`${RELOADS} reloads under load lose no request and double none`, async (t) => {
  const countFile = `${makeFolder(t)}/count`;
  const args = ['--processes', '2', '--threads', '4', '--no-access-log', '--setenv', 'COUNT_FILE', countFile];
  const server = await startServer([`${APPS}counting.py`, ...args]);
  t.after(() => server.stop());

  const load = new CountingLoad(server.port, { connections: 16 });
  for (let n = 0; n < RELOADS; n++) {
    const from = server.output.length;
    server.signal('SIGHUP');
    await server.waitForOutput(/reload-finished/, from);
    await load.waitForAnswers(50);
  }
  const tally = await load.stop();

  const runs = assertEachRunOnce(tally, countFile);
  const processes = new Set([...runs.values()].map(({ pid }) => pid));
  assert.ok(processes.size > RELOADS, `${processes.size} processes answered`);
});

test('a reload brings the new code, and a broken one leaves the old', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('old') });
  const server = await startServer([`${folder}/wsgi.py`, '--processes', '2']);
  t.after(() => server.stop());
  const reload = async (code: string, outcome: RegExp): Promise<string> => {
    writeFileSync(`${folder}/wsgi.py`, code);
    const from = server.output.length;
    server.signal('SIGHUP');
    await server.waitForOutput(outcome, from);
    return (await getOnce(server.port, '/')).text;
  };

  assert.equal((await getOnce(server.port, '/')).text, 'old');
  assert.equal(await reload(textApplication('new'), /reload-finished/), 'new');
  assert.equal(await reload('raise RuntimeError("broken")\n', /reload-failed/), 'new');
  assert.match(server.output, /RuntimeError: broken/);
  const leaving = `${textApplication('leaving')}import os, threading\nthreading.Timer(0.1, os._exit, [7]).start()\n`;
  assert.equal(await reload(leaving, /reload-failed: worker \d+ \(pid \d+\) exited with status 7/), 'new');
  assert.equal(await reload(textApplication('mended'), /reload-finished/), 'mended');
});
