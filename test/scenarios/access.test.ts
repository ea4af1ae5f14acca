/** Who may do what and how often, with the real server. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import { answerChallenge, parseChallenge } from '../support/digest-client.ts';
import { makeFolder } from '../support/folder.ts';
import { RawClient } from '../support/raw-client.ts';
import { RawUpstream } from '../support/raw-upstream.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const APPLICATION = `
import json

def application(environ, start_response):
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps({key: value for key, value in environ.items() if isinstance(value, str)}).encode()]
`;

async function serve(t: TestContext, file: string, files: Record<string, string> = {}) {
  const folder = makeFolder(t, {
    'wsgi.py': APPLICATION,
    'vivarium.toml': `processes = 1\n${file}`,
    ...files,
  });
  const server = await startServer([`${folder}/wsgi.py`]);
  t.after(() => server.stop());
  return { server, folder };
}

async function get(server: Server, path: string, fields: Record<string, string> = {}) {
  const client = await RawClient.open(server.port);
  const lines = Object.entries({ Host: 'example.org', ...fields, Connection: 'close' });
  await client.send(
    `GET ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  const answer = await client.readResponse();
  client.close();
  return answer;
}

const KEYS = [
  'REMOTE_ADDR',
  'wsgi.url_scheme',
  'HTTP_HOST',
  'SERVER_PORT',
  'HTTP_X_FORWARDED_FOR',
  'HTTP_X_REAL_IP',
];

/** What the application sees of KEYS. */
async function environOf(server: Server, fields: Record<string, string>): Promise<(string | undefined)[]> {
  const environ = JSON.parse((await get(server, '/', fields)).text);
  return KEYS.map((key) => environ[key]);
}

const basic = (text: string) => ({ Authorization: `Basic ${Buffer.from(text).toString('base64')}` });
const ALICE = 'alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n';

test('a password is asked for, and a changed file is noticed', async (t) => {
  const file = `[[routes]]\nmatch = ["/admin", "/admin/*"]\nbasic-auth = "users"\n`;
  const { server, folder } = await serve(t, file, { users: ALICE });
  assert.equal((await get(server, '/')).status, 200);
  for (const path of ['/admin', '/admin/x', '/%61dmin/x', '//admin/x'])
    assert.equal((await get(server, path)).status, 401, path);
  assert.equal((await get(server, '/admin/', basic('alice:wrong'))).status, 401);
  const signedIn = await get(server, '/admin/', basic('alice:secret'));
  const { REMOTE_USER, AUTH_TYPE, HTTP_AUTHORIZATION } = JSON.parse(signedIn.text);
  assert.deepEqual([REMOTE_USER, AUTH_TYPE, HTTP_AUTHORIZATION], ['alice', 'Basic', undefined]);
  await server.waitForOutput(/ - alice \[.*"GET \/admin\/ HTTP\/1\.1" 200/);

  writeFileSync(`${folder}/users`, ALICE.replace('alice', 'carol'));
  while ((await get(server, '/admin/', basic('alice:secret'))).status !== 401);
  assert.equal((await get(server, '/admin/', basic('carol:secret'))).status, 200);
});

test('a route switches off what stands at the top, and no other spelling of its path does', async (t) => {
  const file = `basic-auth = "users"
limit-requests = { rate = "1r/h", burst = 3, nodelay = true }
compress = { min-size = 1 }

[[routes]]
match = "/public/secret"
respond = { body = "secret" }

[[routes]]
match = "/public/*"
basic-auth = false
limit-requests = false
compress = false
`;
  const { server } = await serve(t, file, { users: ALICE });
  const coding = { 'Accept-Encoding': 'gzip' };
  for (let i = 0; i < 5; i++) {
    const open = await get(server, '/public/x', coding);
    assert.deepEqual([open.status, open.get('content-encoding')], [200, undefined]);
  }
  const signedIn = await get(server, '/', { ...coding, ...basic('alice:secret') });
  assert.deepEqual([signedIn.status, signedIn.get('content-encoding')], [200, 'gzip']);
  for (const path of ['/public/secret', '//public/%73ecret', '/public'])
    assert.equal((await get(server, path)).status, 401, path);
  // One counter for all ways through the routes.
  assert.equal((await get(server, '/')).status, 429);
});

test('a digest is good once, also for the gateway after the one that has asked for it', async (t) => {
  const file = `[[routes]]\ndigest-auth = { file = "users", realm = "Here" }\n`;
  const users = `alice:Here:${createHash('md5').update('alice:Here:secret').digest('hex')}\n`;
  const { server, folder } = await serve(t, file, { users });
  const challenge = parseChallenge((await get(server, '/')).get('www-authenticate')!);
  const signIn = (password: string, count: number) => {
    const answer = { user: 'alice', password, target: '/a?b=c', count };
    return get(server, '/a?b=c', { Authorization: answerChallenge(challenge, answer) });
  };
  assert.equal((await signIn('wrong', 1)).status, 401);
  const { REMOTE_USER, AUTH_TYPE } = JSON.parse((await signIn('secret', 1)).text);
  assert.deepEqual([REMOTE_USER, AUTH_TYPE], ['alice', 'Digest']);
  assert.equal((await signIn('secret', 1)).status, 401);
  writeFileSync(`${folder}/vivarium.toml`, `processes = 1\nthreads = 3\n${file}`);
  server.signal('SIGHUP');
  await server.waitForOutput(/reload-finished: a new gateway/);
  for (const count of [1, 2]) {
    const again = await signIn('secret', count);
    assert.equal(again.status, 401);
    assert.match(again.get('www-authenticate')!, /stale=true/);
  }
});

test('a digest is good for the path that an answer from behind leads to, too', async (t) => {
  const upstream = await RawUpstream.open(t);
  upstream.answerAll('', 'HTTP/1.1 200 OK\r\nX-Accel-Redirect: /private/report.txt');
  const file = `
[digest-auth]
file = "users"
realm = "Here"
[[routes]]
match = { path = "/private/*", internal = true }
files = "private"
[[routes]]
proxy = { to = "http://127.0.0.1:${upstream.port}", internal-redirect = "X-Accel-Redirect" }
`;
  const users = `alice:Here:${createHash('md5').update('alice:Here:secret').digest('hex')}\n`;
  const { server } = await serve(t, file, { users, 'private/report.txt': 'the report' });
  const challenge = parseChallenge((await get(server, '/')).get('www-authenticate')!);
  const answer = { user: 'alice', password: 'secret', target: '/report' };
  const fields = { Authorization: answerChallenge(challenge, answer) };
  assert.equal((await get(server, '/report', fields)).text, 'the report');
  assert.equal((await get(server, '/report', fields)).status, 401);
});

test('a client that asks too often is refused, and others are not', async (t) => {
  const file = `trust-proxy = "127.0.0.1"\n\n[limit-requests]\nrate = "1r/h"\nburst = 2\nnodelay = true\n`;
  const { server } = await serve(t, file);
  const statuses = async (client: string) => {
    const answers = [];
    for (let i = 0; i < 4; i++) answers.push((await get(server, '/', { 'X-Forwarded-For': client })).status);
    return answers;
  };
  assert.deepEqual(await statuses('203.0.113.9'), [200, 200, 200, 429]);
  assert.deepEqual(await statuses('203.0.113.10'), [200, 200, 200, 429]);
  await server.waitForOutput(
    /requests-limited: .*vivarium.toml:\d+: limit-requests: refused \d within a second/,
  );
});

test('a request that an answer from behind leads elsewhere counts once', async (t) => {
  const upstream = await RawUpstream.open(t);
  upstream.answerAll('', 'HTTP/1.1 200 OK\r\nX-Accel-Redirect: /private/report.txt');
  const file = `
limit-requests = { rate = "1r/h", burst = 1, nodelay = true }
limit-in-flight = 1
[[routes]]
match = { path = "/private/*", internal = true }
files = "private"
[[routes]]
proxy = { to = "http://127.0.0.1:${upstream.port}", internal-redirect = "X-Accel-Redirect" }
`;
  const { server } = await serve(t, file, { 'private/report.txt': 'the report' });
  assert.equal((await get(server, '/report')).text, 'the report');
  assert.equal((await get(server, '/report')).text, 'the report');
  assert.equal((await get(server, '/report')).status, 429);
});

test('only so many requests of a client at the same time', async (t) => {
  const { server } = await serve(
    t,
    `[[routes]]\nlimit-in-flight = 1\nlimit-requests = { rate = "1r/s", burst = 1 }\n`,
  );
  assert.equal((await get(server, '/')).status, 200);
  const waiting = get(server, '/');
  let refused = 0;
  while (refused === 0) if ((await get(server, '/')).status === 429) refused++;
  assert.equal((await waiting).status, 200);
});

test('rules about addresses', async (t) => {
  const { server } = await serve(
    t,
    `trust-proxy = "127.0.0.1"\naddress-rules = ["allow 203.0.113.0/24", "deny all"]\n`,
  );
  assert.equal((await get(server, '/')).status, 403);
  assert.equal((await get(server, '/', { 'X-Forwarded-For': '203.0.113.9' })).status, 200);
  assert.equal((await get(server, '/', { 'X-Forwarded-For': '203.0.113.9, 198.51.100.1' })).status, 403);
});

test('behind a trusted proxy the application and the access log see the client', async (t) => {
  const file = `trust-proxy = "127.0.0.1"\ntrust-proxy-header = ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host"]\n`;
  const { server } = await serve(t, file);
  const environ = await environOf(server, {
    'X-Forwarded-For': '1.2.3.4, 203.0.113.9',
    'X-Forwarded-Proto': 'https',
    'X-Forwarded-Host': 'shop.test',
    'X-Real-IP': '6.6.6.6',
  });
  assert.deepEqual(environ, ['203.0.113.9', 'https', 'shop.test', '443', '203.0.113.9', undefined]);
  await server.waitForOutput(/^203\.0\.113\.9 - - \[/m);
});

test('who is no trusted proxy is not believed', async (t) => {
  const { server } = await serve(t, `trust-proxy = "none"\n`);
  const fields = { 'X-Forwarded-For': '203.0.113.9', 'X-Real-IP': '6.6.6.6', 'X-Forwarded-Proto': 'https' };
  const environ = ['127.0.0.1', 'http', 'example.org', String(server.port), undefined, undefined];
  assert.deepEqual(await environOf(server, fields), environ);
});

test('a path of the application decides who may go on', async (t) => {
  const file = `[[routes]]
match = "/app/*"
forward-auth = { to = "/check", copy-headers = ["X-User"], user-header = "X-User" }

[[routes]]
match = { path = "/check", header = { cookie = "*" } }
respond = { status = 204, headers = { X-User = "{cookie.user}" } }

[[routes]]
match = "/check"
respond = { status = 302, headers = { Location = "/login" } }
`;
  const { server } = await serve(t, file);
  const stranger = await get(server, '/app/x', { 'X-User': 'root' });
  assert.deepEqual([stranger.status, stranger.get('location')], [302, '/login']);
  const { status, text } = await get(server, '/app/x', { 'X-User': 'root', Cookie: 'user=alice' });
  const { PATH_INFO, HTTP_X_USER, REMOTE_USER } = JSON.parse(text);
  assert.deepEqual([status, PATH_INFO, HTTP_X_USER, REMOTE_USER], [200, '/app/x', 'alice', 'alice']);
});

test('the scripts of mod_wsgi-express run in a worker of their own, and are loaded anew', async (t) => {
  const script = (password: string) =>
    `def check_password(environ, user, password):\n    return password == '${password}' or None\n`;
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION, 'auth.py': script('one') });
  const server = await startServer([
    `${folder}/wsgi.py`,
    '--auth-user-script',
    `${folder}/auth.py`,
    '--processes',
    '1',
  ]);
  t.after(() => server.stop());
  assert.equal((await get(server, '/')).status, 401);
  assert.equal((await get(server, '/', basic('joe:two'))).status, 401);
  assert.equal(JSON.parse((await get(server, '/', basic('joe:one'))).text).REMOTE_USER, 'joe');
  writeFileSync(`${folder}/auth.py`, script('three'));
  assert.equal((await get(server, '/', basic('joe:one'))).status, 401);
  assert.equal((await get(server, '/', basic('joe:three'))).status, 200);
  writeFileSync(`${folder}/auth.py`, 'broken(');
  assert.equal((await get(server, '/', basic('joe:three'))).status, 500);
  await server.waitForOutput(/auth-script-failed: .*no answer for 1 within a second/);
});
