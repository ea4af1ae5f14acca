/** What names a request: in its answer, in the application, and in the logs. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce } from '../support/raw-client.ts';
import { startServer } from '../support/vivarium.ts';

const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

/** Says what names the request; with a query it sends an id of its own. */
const APPLICATION = `
def application(environ, start_response):
    names = ('vivarium.request_id', 'HTTP_TRACEPARENT', 'HTTP_TRACESTATE')
    own = [('x-request-id', 'own')] if environ['QUERY_STRING'] else []
    start_response('200 OK', own)
    return ['|'.join(environ.get(name, '-') for name in names).encode()]
`;

async function start(t: { after(then: () => unknown): void }, ...args: string[]) {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION, 'static/a.txt': 'a' });
  const files = ['--url-alias', '/static', `${folder}/static`];
  const server = await startServer([`${folder}/wsgi.py`, '--processes', '1', ...files, ...args]);
  t.after(() => server.stop());
  return server;
}

test('the answer names the request, the application and the logs call it the same', async (t) => {
  const server = await start(t, '--request-id-header', 'X-Request-ID', '--access-log-format', 'json');
  const answer = await getOnce(server.port, '/', [
    'X-Request-ID: mine',
    `traceparent: ${TRACE}`,
    'tracestate: a=b',
  ]);
  const id = answer.get('x-request-id')!;
  assert.notEqual(id, 'mine');
  assert.equal(answer.text, `${id}|${TRACE}|a=b`);
  const [line] = await server.waitForOutput(/^\{"time".*traceparent.*$/m);
  const entry = JSON.parse(line);
  assert.deepEqual([entry.request_id, entry.traceparent], [id, TRACE]);
  // Also in answers that are kept rendered, and in those of a request that is none.
  const ids = [id];
  for (let i = 0; i < 3; i++) ids.push((await getOnce(server.port, '/static/a.txt')).get('x-request-id')!);
  const refused = await getOnce(server.port, '/ x');
  assert.equal(refused.status, 400);
  ids.push(refused.get('x-request-id')!);
  assert.equal(new Set(ids).size, 5, String(ids));
  assert.equal((await getOnce(server.port, '/?own')).get('x-request-id'), 'own');
});

test('an id that a request brings is taken over when that is asked for, and when it is one', async (t) => {
  const server = await start(t, '--trust-request-id', '--no-access-log');
  const idOf = async (...fields: string[]) => (await getOnce(server.port, '/', fields)).text.split('|')[0]!;
  assert.equal(await idOf('X-Request-ID: a-B.c_9'), 'a-B.c_9');
  for (const wrong of ['', 'a b', 'a]b', 'x'.repeat(129)])
    assert.notEqual(await idOf(`X-Request-ID: ${wrong}`), wrong);
  const answer = await getOnce(server.port, '/', ['X-Request-ID: a']);
  assert.equal(answer.get('x-request-id'), undefined);
});

test('a slow request says where its time went', async (t) => {
  const server = await start(t, '--slow-requests', '1ms', '--no-access-log');
  // Loading the application does not count; a request that is quicker than the limit has no line.
  const load = () => getOnce(server.port, '/a?secret');
  const line = server.waitForOutput(/slow-request: .*$/m);
  let isDone = false;
  void line.then(() => {
    isDone = true;
  });
  while (!isDone) await Promise.all([load(), load(), load()]);
  const [found] = await line;
  const phases = String.raw`\(queue \d+\.\d\d s, application \d+\.\d\d s, write 0\.00 s\)`;
  assert.match(
    found,
    new RegExp(
      `\\[request [\\w-]+\\] GET /a from 127\\.0\\.0\\.1: 200 after \\d+\\.\\d\\d s ${phases} in worker 1 \\(pid \\d+\\)`,
    ),
  );
});
