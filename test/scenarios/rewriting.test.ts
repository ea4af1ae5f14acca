/** Redirects, rewrites and changed header fields of the real server, and what attackers try with them. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { runVivarium, type Server, startServer } from '../support/vivarium.ts';

const APPLICATION = `
def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'text/plain'), ('X-Powered-By', 'me')])
    names = ('PATH_INFO', 'QUERY_STRING', 'REQUEST_URI', 'HTTP_X_CLIENT', 'HTTP_COOKIE')
    return ['|'.join(environ.get(name, '-') for name in names).encode('latin-1')]
`;

const FILE = `application = "wsgi.py"
processes = 1

[response-headers]
remove = ["X-Powered-By"]
default = { X-Frame-Options = "DENY" }

[[routes]]
match = "/old/*"
redirect = "/new/{1}"

[[routes]]
match = "/go/*"
redirect = { to = "https://new.example{1}", status = 308, keep-query = false }

[[routes]]
match = "/slash/*"
redirect = "{uri}/"

[[routes]]
match = "/v1/*"
request-headers = { set = { X-Client = "{remote-address} {1}" }, remove = ["Cookie"] }
rewrite = "/api/{1}"

[[routes]]
match = "/api/secret"
respond = 403
`;

let server: Server;
let folder: string;
const undo: (() => void)[] = [];
before(async () => {
  folder = makeFolder(
    { after: (then) => undo.push(then) },
    { 'wsgi.py': APPLICATION, 'vivarium.toml': FILE },
  );
  server = await startServer([folder]);
});
after(async () => {
  await server.stop();
  for (const step of undo) step();
});

const locationOf = async (target: string) => (await getOnce(server.port, target)).get('location');

test('a redirect takes along what it should', async () => {
  assert.equal(await locationOf('/old/a%20b/c?d=e'), '/new/a%20b/c?d=e');
  assert.equal(await locationOf('/go//x?d=e'), 'https://new.example/x');
  const answer = await getOnce(server.port, '/go/x');
  assert.equal(answer.status, 308);
  assert.equal(answer.get('x-frame-options'), 'DENY');
});

test('nobody is sent elsewhere, and nobody adds a header', async () => {
  for (const [target, location] of [
    ['/old///evil.example', '/new/evil.example'],
    ['/old/%0d%0aSet-Cookie:x', '/new/%0D%0ASet-Cookie:x'],
    ['/old/x?a=%0d%0aSet-Cookie:x', '/new/x?a=%0d%0aSet-Cookie:x'],
    ['/go/.evil.example', 'https://new.example/.evil.example'],
    ['/go/@evil.example', 'https://new.example/@evil.example'],
    ['//slash/evil.example', '/slash/evil.example/'],
    ['/slash/%5cevil.example', '/slash/%5cevil.example/'],
  ] as const) {
    const answer = await getOnce(server.port, target);
    assert.equal(answer.get('location'), location, target);
    assert.equal(answer.get('set-cookie'), undefined);
  }
  // Bytes that no client of good will sends.
  const client = await RawClient.open(server.port);
  await client.send('GET /old/\xff"<> HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
  const answer = await client.readResponse();
  client.close();
  if (answer.status !== 400) assert.match(answer.get('location')!, /^\/new\/[!-~]+$/);
});

test('a rewritten request is routed on, and the application sees the new path', async () => {
  const answer = await getOnce(server.port, '/v1/a%20b?c', ['Cookie: secret', 'X-Client: forged']);
  assert.equal(answer.text, '/api/a b|c|/v1/a%20b?c|127.0.0.1 a b|-');
  assert.equal(answer.get('x-powered-by'), undefined);
  await server.waitForOutput(/"GET \/v1\/a%20b\?c HTTP\/1\.1" 200/);
  for (const target of ['/v1/secret', '/v1//secret', '/v1/%73ecret'])
    assert.equal((await getOnce(server.port, target)).status, 403, target);
});

test('vivarium routes follows a rewrite', async () => {
  const { output } = await runVivarium(['routes', '/v1/secret', folder]);
  assert.match(output, /answers +.*routes\[4\]: respond/);
});

test('a mistake is named with what is allowed', async (t) => {
  for (const [line, mistake] of [
    [
      'redirect = "https://{query.to}/"',
      /redirect\.to: found "https:\/\/\{query\.to\}\/"; allowed: a template of a path/,
    ],
    ['redirect = { to = "/x", status = 200 }', /status: found 200; allowed: 301, 302, 303, 307 or 308/],
    ['rewrite = {}', /rewrite: found none of its keys; allowed: to, or strip-prefix/],
    [
      'request-headers = { set = { Transfer-Encoding = "chunked" } }',
      /found "Transfer-Encoding"; allowed: the name of a/,
    ],
    [
      'response-headers = { set = { Content-Length = "1" } }',
      /found "Content-Length"; allowed: the name of a/,
    ],
  ] as const) {
    const files = { 'wsgi.py': APPLICATION, 'vivarium.toml': `[[routes]]\n${line}\n` };
    const { code, output } = await runVivarium(['check', makeFolder(t, files)]);
    assert.equal(code, 2, line);
    assert.match(output, mistake);
  }
});
