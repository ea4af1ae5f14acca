/** Error pages of the site's own, served by files, by the application and from a file of the configuration. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { runVivarium, startServer } from '../support/vivarium.ts';

const APPLICATION = `
def application(environ, start_response):
    path = environ['PATH_INFO']
    if path == '/oops':
        start_response('200 OK', [('Content-Type', 'text/html')])
        return [('sorry for %(REDIRECT_STATUS)s %(REQUEST_METHOD)s %(REDIRECT_URL)s' % environ).encode()]
    if path == '/raise':
        raise RuntimeError('broken')
    start_response('404 Not Found', [('Content-Type', 'text/plain'), ('X-From', 'app')])
    return [b'not in the application', b'!']
`;

test('errors of the server have pages, those of the application keep theirs', async (t) => {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION, 'static/lost.html': '<h1>lost</h1>' });
  const documents = ['--error-document', '404', '/static/lost.html', '--error-document', '500', '/oops'];
  const files = ['--url-alias', '/static', `${folder}/static`];
  const server = await startServer([`${folder}/wsgi.py`, '--processes', '1', ...files, ...documents]);
  t.after(() => server.stop());
  const missing = await getOnce(server.port, '/static/nothing');
  assert.deepEqual([missing.status, missing.text], [404, '<h1>lost</h1>']);
  assert.match(missing.get('content-type')!, /^text\/html/);
  const own = await getOnce(server.port, '/nothing');
  assert.deepEqual([own.status, own.text], [404, 'not in the application!']);

  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  await client.request('POST /raise', ['Content-Length: 5'], 'hello');
  const failed = await client.readResponse();
  assert.deepEqual([failed.status, failed.text], [500, 'sorry for 500 GET /raise']);
  // The connection is in step.
  assert.equal((await client.get('/static/lost.html')).status, 200);
  await server.waitForOutput(/"POST \/raise HTTP\/1\.1" 500/);
});

test('with intercept the application has no say, and a route may have pages of its own', async (t) => {
  const file = `application = "wsgi.py"
processes = 1
[error-pages]
files = { 404 = "pages/lost.html" }
intercept = true
[[routes]]
match = "/secret/*"
error-pages = { files = { 4xx = "pages/no.txt" } }
respond = 403
`;
  const folder = makeFolder(t, {
    'wsgi.py': APPLICATION,
    'vivarium.toml': file,
    'pages/lost.html': '<h1>lost</h1>',
    'pages/no.txt': 'no',
  });
  const server = await startServer([folder]);
  t.after(() => server.stop());
  const lost = await getOnce(server.port, '/nothing');
  assert.deepEqual([lost.status, lost.text, lost.get('x-from')], [404, '<h1>lost</h1>', 'app']);
  const refused = await getOnce(server.port, '/secret/x');
  assert.deepEqual([refused.status, refused.text], [403, 'no']);
});

test('a file that is not there is a mistake with its line', async (t) => {
  const text = '[error-pages]\nfiles = { 404 = "no.html", 40 = "x" }\npaths = { 404 = "/x" }\n';
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION, 'vivarium.toml': text });
  const { code, output } = await runVivarium(['check', folder]);
  assert.equal(code, 2);
  assert.match(
    output,
    /vivarium\.toml:2: error-pages\.files\.40: found "40"; allowed: a status like 404, or 4xx or 5xx/,
  );
});
