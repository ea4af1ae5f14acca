/** Several sites in one server, and what their routes say. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/vivarium.ts';

const APPLICATION = `
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [environ['PATH_INFO'].encode()]
`;

const FILE = `application = "shop.py"
processes = 1

[response-headers]
set = { X-Host = "{host}" }

[[routes]]
match = "~^/old/(?<page>\\\\d+)$"
respond = { status = 410, body = "{match.page} is gone" }

[[sites]]
hosts = ["a.example"]
response-headers = { set = { X-Site = "a" } }

[[sites.routes]]
match = "/app/*"
application = "shop"

[[sites]]
hosts = ["*.b.example"]
application = "shop"
`;

test('the name chooses the site, and the path its route', async (t) => {
  const folder = makeFolder(t, { 'shop/shop.py': APPLICATION, 'shop/vivarium.toml': FILE });
  const server = await startServer([`${folder}/shop`]);
  t.after(() => server.stop());
  const get = async (host: string, path: string) => {
    const client = await RawClient.open(server.port);
    await client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const answer = await client.readResponse();
    client.close();
    return [answer.status, answer.status === 200 ? answer.text : '', answer.get('x-site')];
  };
  assert.deepEqual(await get('localhost', '/x'), [200, '/x', undefined]);
  assert.deepEqual(await get('a.example', '/app/x'), [200, '/app/x', 'a']);
  // Error pages of ours have the headers, too.
  assert.deepEqual(await get('a.example', '/x'), [404, '', 'a']);
  assert.deepEqual(await get('A.example:81', '/app/x'), [200, '/app/x', 'a']);
  assert.deepEqual(await get('x.b.example', '/old/1'), [200, '/old/1', undefined]);
  assert.deepEqual(await get('b.example', '/old/x'), [200, '/old/x', undefined]);
  const gone = await getOnce(server.port, '/old/7');
  assert.deepEqual([gone.status, gone.text, gone.get('x-host')], [410, '7 is gone', 'localhost']);
});

test('a reload takes over new routes; a mistake in them changes nothing', async (t) => {
  const folder = makeFolder(t, { 'shop/shop.py': APPLICATION, 'shop/vivarium.toml': FILE });
  const server = await startServer([`${folder}/shop`]);
  t.after(() => server.stop());
  const reloadWith = async (text: string, log: RegExp) => {
    const from = server.output.length;
    writeFileSync(`${folder}/shop/vivarium.toml`, FILE.replace('410', text));
    server.signal('SIGHUP');
    await server.waitForOutput(log, from);
    return (await getOnce(server.port, '/old/7')).status;
  };
  assert.equal(await reloadWith('404', /reload-finished/), 404);
  assert.equal(await reloadWith('4040', /vivarium\.toml:9: routes\[0\]\.respond\.status: found 4040/), 404);
});

test('a site and a route may have a limit of their own for request bodies', async (t) => {
  const file = `application = "shop.py"
processes = 1
limit-request-body = 1000

[[routes]]
match = "/upload/*"
limit-request-body = 100_000

[[routes]]
match = "/small/*"
limit-request-body = 10
`;
  const folder = makeFolder(t, { 'shop/shop.py': APPLICATION, 'shop/vivarium.toml': file });
  const server = await startServer([`${folder}/shop`]);
  t.after(() => server.stop());
  const post = async (path: string, bytes: number, isChunked = false) => {
    const client = await RawClient.open(server.port);
    const body = 'x'.repeat(bytes);
    if (isChunked) {
      const chunks = `${bytes.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
      await client.request(`POST ${path}`, ['Transfer-Encoding: chunked'], chunks);
    } else await client.request(`POST ${path}`, [`Content-Length: ${bytes}`], body);
    const { status } = await client.readResponse();
    client.close();
    return status;
  };
  for (const isChunked of [false, true]) {
    const statuses = await Promise.all([
      post('/x', 1000, isChunked),
      post('/x', 1001, isChunked),
      post('/upload/x', 100_000, isChunked),
      post('/upload/x', 100_001, isChunked),
      post('/small/x', 10, isChunked),
      post('/small/x', 11, isChunked),
    ]);
    assert.deepEqual(statuses, [200, 413, 200, 413, 200, 413]);
  }
});
