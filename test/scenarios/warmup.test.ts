/** Warm-up requests: a worker that cannot answer them gets none of clients. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { askServer } from '../../src/control/client.ts';
import { makeFolder } from '../support/folder.ts';
import { getOnce, getUntil } from '../support/raw-client.ts';
import { runVivarium, startServer } from '../support/vivarium.ts';

/** Answers a warm-up with `status`, or as Python says in its place; a client gets the paths that were warmed before. */
const application = (warmup: string) => `
warmed = []

def application(environ, start_response):
    if environ.get('vivarium.warmup'):
        warmed.append(environ['HTTP_HOST'] + environ['SCRIPT_NAME'] + ' ' + environ['PATH_INFO'])
        ${warmup}
    else:
        start_response('200 OK', [])
    return [', '.join(warmed).encode()]
`;
const answering = (status: string) => application(`start_response('${status}', [])`);

test('each new worker is warmed up before it gets requests, at the start and at a reload', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': answering('200 OK') });
  const warmup = ['--warmup', '/shop/a', '--warmup', 'https://shop.example/shop/b%20c'];
  const args = [...warmup, '--mount-point', '/shop', '--processes', '1', '--disable-reloading'];
  const server = await startServer([`${folder}/wsgi.py`, ...args, '--server-root', `${folder}/root`]);
  t.after(() => server.stop());
  const get = async () => (await getOnce(server.port, '/shop/x')).text;
  const warmed = 'localhost/shop /a, shop.example/shop /b c';
  assert.equal(await get(), warmed);

  for (const [code, why] of [
    [answering('503 No database'), 'the warm-up request GET /shop/a was answered 503 No database'],
    [
      application("raise ValueError('no cache')"),
      'the warm-up request GET /shop/a raised ValueError: no cache',
    ],
  ] as const) {
    writeFileSync(`${folder}/wsgi.py`, code);
    const { code: status, output } = await runVivarium(['reload', '--server-root', `${folder}/root`]);
    assert.equal(status, 1, output);
    assert.match(output, new RegExp(`vivarium reload: worker \\d+ \\(pid \\d+\\) could not load.*: ${why}`));
    assert.equal(await get(), warmed);
  }
  writeFileSync(`${folder}/wsgi.py`, `# other code\n${answering('204 No Content')}`);
  const outcome = await askServer(`${folder}/root`, { command: 'reload', application: null });
  assert.ok(outcome.ok, JSON.stringify(outcome));
  assert.equal(await get(), warmed);
  await server.stop();
  assert.equal(
    server.output.split('GET /shop/a HTTP').length,
    1,
    'warm-up requests are not in the access log',
  );
});

test('an application that fails its warm-up at the start is answered for with 503, and mended by its next code', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': answering('500 Oops') });
  const server = await startServer([`${folder}/wsgi.py`, '--warmup', '/', '--processes', '1']);
  t.after(() => server.stop());
  assert.equal((await getOnce(server.port, '/')).status, 503);
  assert.match(server.output, /worker-failed: .*\n? *the warm-up request GET \/ was answered 500 Oops/);
  writeFileSync(`${folder}/wsgi.py`, answering('200 OK'));
  await server.waitForOutput(/worker-(started|replaced)/);
  await getUntil(server.port, '/', ({ text }) => text === 'localhost /');
});

test('a warm-up that does not end is ended by startup-timeout', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': answering('200 OK') });
  const args = ['--warmup', '/', '--processes', '1', '--startup-timeout', '5', '--disable-reloading'];
  const server = await startServer([`${folder}/wsgi.py`, ...args, '--server-root', `${folder}/root`]);
  t.after(() => server.stop());
  writeFileSync(`${folder}/wsgi.py`, application("__import__('time').sleep(60)"));
  const outcome = await askServer(`${folder}/root`, { command: 'reload', application: null });
  assert.match(JSON.stringify(outcome), /"ok":false.*was not ready within 5 s/);
  assert.equal((await getOnce(server.port, '/')).text, 'localhost /');
});
