/** Files that ask for a reload when they change: the script of the application, and those of `touch-reload`. */
import assert from 'node:assert/strict';
import { renameSync, utimesSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeFolder, textApplication } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import { startServer } from '../support/vivarium.ts';

test('a changed script is loaded; a broken one is tried once, and the old goes on until it changes again', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('old') });
  const script = `${folder}/wsgi.py`;
  const server = await startServer([script, '--processes', '1', '--threads', '1']);
  t.after(() => server.stop());
  const text = async () => (await getOnce(server.port, '/')).text;

  // As editors do it.
  writeFileSync(`${folder}/wsgi.py.new`, textApplication('new'));
  renameSync(`${folder}/wsgi.py.new`, script);
  await server.waitForOutput(/reload-requested: .*\/wsgi\.py has changed[\s\S]*reload-finished/);
  assert.equal(await text(), 'new');

  let from = server.output.length;
  writeFileSync(script, 'raise RuntimeError("broken")\n');
  await server.waitForOutput(/RuntimeError: broken[\s\S]*reload-failed/, from);
  assert.equal(await text(), 'new');

  from = server.output.length;
  writeFileSync(script, textApplication('mended'));
  await server.waitForOutput(/reload-finished/, from);
  assert.equal(await text(), 'mended');
  assert.equal(server.output.split('reload-requested').length, 4);
});

test('disable-reloading leaves the script alone; a touched file reloads it, and one that is made', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': textApplication('old'), touched: '' });
  const files = ['--touch-reload', `${folder}/touched`, '--touch-reload', `${folder}/made`];
  const server = await startServer([
    `${folder}/wsgi.py`,
    '--disable-reloading',
    '--processes',
    '1',
    ...files,
  ]);
  t.after(() => server.stop());
  const reload = async (touch: () => void): Promise<string> => {
    const from = server.output.length;
    touch();
    const [, why] = await server.waitForOutput(/reload-requested: (.*)[\s\S]*reload-finished/, from);
    return why!;
  };

  writeFileSync(`${folder}/wsgi.py`, textApplication('new'));
  assert.equal((await getOnce(server.port, '/')).text, 'old');
  const touched = await reload(() => utimesSync(`${folder}/touched`, new Date(), new Date()));
  assert.equal(touched, `${folder}/touched has changed`);
  assert.equal((await getOnce(server.port, '/')).text, 'new');
  const made = await reload(() => writeFileSync(`${folder}/made`, ''));
  assert.equal(made, `${folder}/made has changed`);
  assert.equal((await server.stop()).code, 0);
  assert.equal(server.output.split('reload-requested').length, 3);
});
