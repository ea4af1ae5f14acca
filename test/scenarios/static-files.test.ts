/** Static files and files that the application hands over, as a client on the wire gets them from a whole server. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
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
