/** A directory of WSGI scripts: what is put there is served, what is changed is reloaded, what is broken breaks alone. */
import assert from 'node:assert/strict';
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { askServer } from '../../src/control/client.ts';
import { makeFolder, textApplication } from '../support/folder.ts';
import { NO_PROC, pidsOf } from '../support/processes.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/vivarium.ts';

const WHERE = `def application(environ, start_response):
    start_response("200 OK", [])
    return ["{SCRIPT_NAME}|{PATH_INFO}".format(**environ).encode()]
`;

/** Says when it has begun, and ends when the file is there. */
function slow(folder: string): string {
  return `import os, time
def application(environ, start_response):
    start_response("200 OK", [])
    open(${JSON.stringify(`${folder}/begun`)}, "w").close()
    print("begun", flush=True)
    while not os.path.exists(${JSON.stringify(`${folder}/go`)}):
        time.sleep(0.01)
    return [b"slow"]
`;
}

async function serve(t: Parameters<typeof makeFolder>[0], files: Record<string, string>, ...more: string[]) {
  const folder = makeFolder(t, files);
  const server = await startServer(
    [
      '--wsgi-directory',
      '/apps',
      `${folder}/apps`,
      '--server-root',
      `${folder}/root`,
      '--no-access-log',
      ...more,
    ],
    { cwd: folder },
  );
  t.after(() => server.stop());
  const get = async (target: string) => {
    const { status, text } = await getOnce(server.port, target);
    return status === 200 ? text : status;
  };
  /** A script is put there whole, as a deployment does. */
  const put = (name: string, content: string) => {
    writeFileSync(`${folder}/new`, content);
    renameSync(`${folder}/new`, `${folder}/apps/${name}.wsgi`);
  };
  const workers = async () => {
    const answer = await askServer(`${folder}/root`, { command: 'status' });
    assert.ok(answer.ok);
    return answer.status!.applications.map(({ name, workers }) => `${name} ${workers.length}`);
  };
  return { folder, server, get, put, workers };
}

test('a script is started by its first request, and is mounted at its name', async (t) => {
  const files = { 'apps/where.wsgi': WHERE, 'apps/other.wsgi': WHERE, 'wsgi.py': textApplication('top') };
  const { get, workers } = await serve(t, files, '--processes', '1', 'wsgi.py');
  assert.deepEqual((await workers()).slice(1), ['/apps/other 0', '/apps/where 0']);
  assert.equal(await get('/apps/where/a/b'), '/apps/where|/a/b');
  assert.equal(await get('/apps/%77here'), '/apps/where|');
  assert.deepEqual((await workers()).slice(1), ['/apps/other 0', '/apps/where 1']);
  for (const target of [
    '/',
    '/apps',
    '/apps/',
    '/apps/nix',
    '/apps/where.wsgi',
    '/apps//where',
    '/apps/../apps/where',
  ])
    assert.equal(await get(target), 'top', target);
});

test('scripts come, change and go while the server runs', async (t) => {
  const { folder, server, get, put } = await serve(t, { 'apps/a.wsgi': textApplication('a') });
  assert.equal(await get('/apps/a'), 'a');
  assert.equal(await get('/apps/b'), 404);

  put('b', textApplication('b'));
  await server.waitForOutput(/script-added: \/apps\/b /);
  assert.equal(await get('/apps/b'), 'b');

  put('a', textApplication('a 2'));
  await server.waitForOutput(/reload-finished: \/apps\/a: /);
  assert.equal(await get('/apps/a'), 'a 2');

  rmSync(`${folder}/apps/a.wsgi`);
  await server.waitForOutput(/script-removed: .*\/apps\/a /);
  assert.equal(await get('/apps/a'), 404);
  assert.equal(await get('/apps/b'), 'b');

  const from = server.output.length;
  put('a', textApplication('a 3'));
  await server.waitForOutput(/script-added: \/apps\/a /, from);
  assert.equal(await get('/apps/a'), 'a 3');
});

test('a broken one is answered 500, keeps nobody from the start, and can be mended', async (t) => {
  const files = { 'apps/broken.wsgi': 'import no_such_module', 'apps/a.wsgi': textApplication('a') };
  const { server, get, put } = await serve(t, files);
  assert.equal(await get('/apps/broken'), 500);
  await server.waitForOutput(/worker-failed: \/apps\/broken: .*\n(.*\n)*.*No module named 'no_such_module'/);
  assert.equal(await get('/apps/a'), 'a');
  put('broken', textApplication('mended'));
  await server.waitForOutput(/reload-finished: \/apps\/broken: /);
  assert.equal(await get('/apps/broken'), 'mended');
});

test('a request that runs is finished when its script is removed, even if it comes back meanwhile', async (t) => {
  const files = { 'apps/keep.wsgi': textApplication('keep') };
  const { folder, server, get, put } = await serve(t, files);
  put('slow', slow(folder));
  await server.waitForOutput(/script-added: \/apps\/slow /);
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  const answer = client.get('/apps/slow');
  await server.waitForOutput(/begun/);
  rmSync(`${folder}/apps/slow.wsgi`);
  await server.waitForOutput(/script-removed/);
  assert.equal(await get('/apps/slow'), 404);
  const from = server.output.length;
  put('slow', textApplication('new'));
  await server.waitForOutput(/script-added: \/apps\/slow /, from);
  assert.equal(await get('/apps/slow'), 'new');
  writeFileSync(`${folder}/go`, '');
  assert.equal((await answer).text, 'slow');
});

test('one that nobody asks for is stopped; a gateway that is killed knows it again', {
  skip: NO_PROC,
}, async (t) => {
  const { server, get, workers } = await serve(
    t,
    { 'apps/a.wsgi': textApplication('a') },
    '--inactivity-timeout',
    '1',
  );
  assert.equal(await get('/apps/a'), 'a');
  await server.waitForOutput(/scaled: \/apps\/a: 0 workers instead of 1: there was no request/);
  process.kill(pidsOf(server, 'vivarium-gateway')[0]!, 'SIGKILL');
  await server.waitForOutput(/gateway-replaced/);
  assert.equal(await get('/apps/a'), 'a');
  assert.deepEqual(await workers(), ['/apps/a 1']);
});

test('a restart takes them over', async (t) => {
  const { folder, get } = await serve(t, { 'apps/a.wsgi': textApplication('a'), 'apps/b.wsgi': 'broken' });
  assert.equal(await get('/apps/a'), 'a');
  const outcome = await askServer(`${folder}/root`, { command: 'restart' });
  assert.ok(outcome.ok);
  assert.equal(await get('/apps/a'), 'a');
  assert.equal(await get('/apps/b'), 500);
});
