/** As many workers as are needed, and as many as somebody wants: nobody who sends requests can tell. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertEachRunOnce, CountingLoad } from '../support/counting-load.ts';
import { makeFolder, textApplication } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import { APPS, runVivarium, startServer } from '../support/vivarium.ts';

test('workers are added while requests wait, and stopped when they are not needed', async (t) => {
  const countFile = `${makeFolder(t)}/count`;
  const server = await startServer([
    `${APPS}counting.py`,
    ...['--processes', '1:4', '--threads', '2', '--scale-down-interval', '500ms'],
    ...['--no-access-log', '--setenv', 'COUNT_FILE', countFile],
  ]);
  t.after(() => server.stop());
  const load = new CountingLoad(server.port, { connections: 20, query: '&ms=200' });
  t.after(() => load.stop());
  await server.waitForOutput(/scaled: 2 workers instead of 1: requests have waited for \d+ ms/);
  await server.waitForOutput(/scaled: 4 workers instead of 2/);
  await load.waitForAnswers(50);
  const tally = await load.stop();
  await server.waitForOutput(/scaled: 1 worker instead of 2: that has been enough for [\d.]+ s/);
  const runs = assertEachRunOnce(tally, countFile);
  assert.equal(new Set([...runs.values()].map(({ pid }) => pid)).size, 4);
});

test('scaled up and down under load, no request is lost and none is doubled', async (t) => {
  const folder = makeFolder(t);
  const countFile = `${folder}/count`;
  const root = `${folder}/root`;
  const server = await startServer([
    `${APPS}counting.py`,
    ...['--processes', '1', '--threads', '2', '--server-root', root],
    ...['--no-access-log', '--setenv', 'COUNT_FILE', countFile],
  ]);
  t.after(() => server.stop());
  const load = new CountingLoad(server.port, { connections: 8, query: '&ms=5' });
  t.after(() => load.stop());
  for (const wanted of ['3', '1', 'apps=4', '2:3', '1']) {
    const { code, output } = await runVivarium(['scale', wanted, '--server-root', root]);
    assert.equal(code, 0, output);
    assert.match(output, /^scaled: \d workers? serves?(, from 2 to 3 as needed)?$/m);
    await load.waitForAnswers(50);
  }
  assertEachRunOnce(await load.stop(), countFile);

  server.signal('SIGTTIN');
  await server.waitForOutput(/scaled: 2 workers instead of 1: by SIGTTIN/);
  server.signal('SIGTTOU');
  await server.waitForOutput(/scaled: 1 worker instead of 2: by SIGTTOU/);
  const unknown = await runVivarium(['scale', 'shop=2', '--server-root', root]);
  assert.deepEqual(
    [unknown.code, unknown.output],
    [1, 'vivarium scale: there is no application "shop"; there is "apps"\n'],
  );
});

test('without workers the first request starts one, which is stopped when nobody asks any more', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('hello') });
  const server = await startServer([
    `${folder}/wsgi.py`,
    ...['--processes', '0:2', '--inactivity-timeout', '1'],
  ]);
  t.after(() => server.stop());
  for (let n = 0, from = 0; n < 2; n++) {
    assert.equal((await getOnce(server.port, '/')).text, 'hello');
    const stopped = await server.waitForOutput(/scaled: 0 workers instead of 1: .*\n/, from);
    from += stopped.index + stopped[0].length;
  }
});
