/** Static files and files that the application hands over, as a client on the wire gets them from a whole server. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { makeFolder } from '../support/folder.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const APPLICATION = `
from urllib.parse import parse_qs

def application(environ, start_response):
    query = parse_qs(environ['QUERY_STRING'])
    named = [(name, query[name][0]) for name in ('X-Sendfile', 'X-Accel-Redirect') if name in query]
    start_response('200 OK', [('Content-Type', 'text/x'), ('Set-Cookie', 'a=b'), *named])
    return [b'from the application']
`;

const FILE = `application = "app.py"
processes = 1

[[routes]]
match = "/static/*"
files = { root = "site", symlinks = "none", listing = true, precompressed = true }

[[routes]]
match = "/handed/*"
sendfile = { directories = ["private"], locations = { "/protected" = "private" } }
`;

const LARGE = Buffer.alloc(5_000_000, 'abcdefghij');

async function serve(t: TestContext): Promise<{ folder: string; server: Server }> {
  const folder = makeFolder(t, {
    'app.py': APPLICATION,
    'vivarium.toml': FILE,
    'secret.txt': 'secret',
    'private/a.txt': 'private',
    'site/a.css': 'body {}',
    'site/.git/config': 'secret',
    'site/sub/b.txt': 'b',
    'site-not/secret.txt': 'secret',
  });
  writeFileSync(join(folder, 'site/large.bin'), LARGE);
  writeFileSync(join(folder, 'private/large.bin'), LARGE);
  symlinkSync(join(folder, 'secret.txt'), join(folder, 'site/link.txt'));
  const server = await startServer([folder]);
  t.after(() => server.stop());
  return { folder, server };
}

test('no spelling of a path leaves the root', async (t) => {
  const { server } = await serve(t);
  assert.equal((await getOnce(server.port, '/static/a.css')).text, 'body {}');
  const up = [
    '..',
    '%2e%2e',
    '%2E.',
    '.%2e',
    '..%2f..',
    '%252e%252e',
    '..\\',
    '..%5c',
    '..%c0%af',
    '..;',
    '%c0%ae%c0%ae',
    '..%00',
  ];
  const paths = up.flatMap((dots) =>
    ['secret.txt', 'site-not/secret.txt', 'etc/passwd', '../../../../../etc/passwd'].flatMap((name) => [
      `/static/${dots}/${name}`,
      `/static/sub/${dots}/${dots}/${name}`,
      `/static//${dots}/${name}`,
      `/static/%2f${dots}/${name}`,
    ]),
  );
  const others = [
    '/static/.git/config',
    '/static/%2egit/config',
    '/static/sub/..%2f.git/config',
    '/static/link.txt',
    '/static/a.css%00.txt',
    '/static/a.css/',
    '/static/a.css/../../secret.txt',
    '/static-not/secret.txt',
    '/staticsite/a.css',
    '/static/secret.txt ',
    '/static/proc/self/environ',
    `/static/${'a/'.repeat(2000)}`,
    `/static/${'x'.repeat(4000)}`,
  ];
  for (const path of [...paths, ...others]) {
    const { text, status } = await getOnce(server.port, path);
    assert.doesNotMatch(text, /secret|root:|PATH=/, `${path}: ${status}`);
    assert.ok([200, 400, 404].includes(status), `${path}: ${status}`);
    // What is outside of /static/ once it is resolved is a path of the application.
    if (status === 200) assert.equal(text, 'from the application', path);
  }
});

test('a large file arrives whole and in parts, also when it is kept open and then replaced', async (t) => {
  const { folder, server } = await serve(t);
  for (let round = 0; round < 3; round++) {
    const whole = await getOnce(server.port, '/static/large.bin');
    assert.ok(whole.complete && whole.body.equals(LARGE));
  }
  const client = await RawClient.open(server.port);
  for (const [range, from, to] of [
    ['bytes=0-0', 0, 1],
    ['bytes=1000000-3999999', 1_000_000, 4_000_000],
    ['bytes=-7', LARGE.length - 7, LARGE.length],
  ] as const) {
    const part = await client.get('/static/large.bin', [`Range: ${range}`]);
    assert.equal(part.status, 206);
    assert.ok(part.body.equals(LARGE.subarray(from, to)));
  }
  const several = await client.get('/static/large.bin', ['Range: bytes=0-9,4000000-4000009']);
  assert.equal(several.text.match(/abcdefghij/g)?.length, 2);
  client.close();
  writeFileSync(join(folder, 'new.bin'), 'new');
  execFileSync('mv', [join(folder, 'new.bin'), join(folder, 'site/large.bin')]);
  let text = '';
  while (text !== 'new') text = (await getOnce(server.port, '/static/large.bin')).text;
});

test('a client that leaves in the middle of a large file is no loss to others', async (t) => {
  const { server } = await serve(t);
  for (let round = 0; round < 5; round++) {
    const client = await RawClient.open(server.port);
    await client.request('GET /static/large.bin');
    await client.readHead();
    client.close();
  }
  assert.ok((await getOnce(server.port, '/static/large.bin')).body.equals(LARGE));
});

test('files that the application names, and only those that it may', async (t) => {
  const { folder, server } = await serve(t);
  const ask = (path: string, query: string, fields: string[] = []) =>
    getOnce(server.port, `${path}?${query}`, fields);
  for (const query of [`X-Sendfile=${folder}/private/a.txt`, 'X-Accel-Redirect=/protected/a.txt']) {
    const answer = await ask('/handed/x', query);
    assert.deepEqual([answer.status, answer.text], [200, 'private']);
    assert.deepEqual([answer.get('content-type'), answer.get('set-cookie')], ['text/x', 'a=b']);
    assert.deepEqual([answer.get('x-sendfile'), answer.get('x-accel-redirect')], [undefined, undefined]);
    assert.equal((await ask('/handed/x', query, [`If-None-Match: ${answer.get('etag')}`])).status, 304);
    // Where it is off, the field is no more than dropped.
    const off = await ask('/x', query);
    assert.deepEqual(
      [off.text, off.get('x-sendfile'), off.get('x-accel-redirect')],
      ['from the application', undefined, undefined],
    );
  }
  const large = await ask('/handed/x', 'X-Accel-Redirect=/protected/large.bin', ['Range: bytes=10-4999999']);
  assert.ok(large.status === 206 && large.body.equals(LARGE.subarray(10)));
  for (const query of [
    `X-Sendfile=${folder}/secret.txt`,
    `X-Sendfile=${folder}/private/../secret.txt`,
    'X-Sendfile=/etc/passwd',
    'X-Accel-Redirect=/protected/../secret.txt',
    'X-Accel-Redirect=/protected/%252e%252e/secret.txt',
  ]) {
    const refused = await ask('/handed/x', query);
    assert.equal(refused.status, 404, query);
    assert.doesNotMatch(refused.text, /secret|root:/);
  }
  // A location is no path for clients.
  assert.equal((await getOnce(server.port, '/protected/a.txt')).text, 'from the application');
});

const LENDING = `
import os, tempfile

def application(environ, start_response):
    wrap = environ['wsgi.file_wrapper']
    path = environ['PATH_INFO']
    headers = [('Content-Type', 'text/x'), ('Set-Cookie', 'a=b')]
    if path == '/temporary':
        file = tempfile.TemporaryFile()
        with open('large.bin', 'rb') as large:
            file.write(large.read())
        file.seek(0)
    else:
        file = open('large.bin', 'rb')
    if path == '/part':
        file.seek(1000000)
        headers.append(('Content-Length', '2000000'))
    if path == '/bad':
        headers.append(('X-Bad', 'a\\n b'))
    start_response('404 Not Found' if path == '/error' else '200 OK', headers)
    return wrap(file)
`;

/** Descriptors that the workers have open on files with this in their name. */
function openOnes(name: string): number {
  let count = 0;
  for (const pid of readdirSync('/proc').filter((each) => /^\d+$/.test(each))) {
    try {
      if (!readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('vivarium')) continue;
      for (const fd of readdirSync(`/proc/${pid}/fd`))
        if (readlinkSync(`/proc/${pid}/fd/${fd}`).includes(name)) count++;
    } catch {
      // It has just ended, or been closed.
    }
  }
  return count;
}

test('wsgi.file_wrapper: the gateway sends the file', {
  skip: process.platform !== 'linux' && 'files are lent by way of /proc',
}, async (t) => {
  const folder = makeFolder(t, { 'app.py': LENDING });
  writeFileSync(join(folder, 'large.bin'), LARGE);
  const server = await startServer([join(folder, 'app.py'), '--processes', '1']);
  t.after(() => server.stop());
  const client = await RawClient.open(server.port);
  let whole = await client.get('/');
  assert.ok(whole.body.equals(LARGE));
  // Until the worker has heard that it may, it sends files itself.
  while (whole.get('etag') === undefined) whole = await client.get('/');
  assert.ok(whole.body.equals(LARGE));
  assert.deepEqual([whole.get('content-type'), whole.get('set-cookie')], ['text/x', 'a=b']);
  const etag = whole.get('etag')!;
  assert.equal((await client.get('/', [`If-None-Match: ${etag}`])).status, 304);
  const part = await client.get('/', ['Range: bytes=100-4000000']);
  assert.ok(part.status === 206 && part.body.equals(LARGE.subarray(100, 4_000_001)));
  // A file without a name, and a part of one: of these nothing is known that would last.
  assert.ok((await client.get('/temporary')).body.equals(LARGE));
  const slice = await client.get('/part');
  assert.ok(slice.body.equals(LARGE.subarray(1_000_000, 3_000_000)));
  assert.equal(slice.get('etag'), undefined);
  assert.equal((await client.get('/error', ['Range: bytes=0-1'])).status, 404);
  assert.equal((await client.get('/bad')).status, 500);
  await server.waitForOutput(/invalid-response/);
  await client.request('HEAD /');
  assert.equal((await client.readHead()).get('content-length'), String(LARGE.length));
  client.close();
  for (let round = 0; round < 5; round++) {
    const gone = await RawClient.open(server.port);
    await gone.request('GET /');
    await gone.readHead();
    gone.close();
  }
  assert.ok((await getOnce(server.port, '/')).body.equals(LARGE));
  // Nobody keeps what was lent.
  while (openOnes(folder) > 0) await nextTurn();
});
