/** Several servers behind one route: who gets the requests, and what becomes of them when servers fail. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import http from 'node:http';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder, textApplication } from '../support/folder.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { RawUpstream } from '../support/raw-upstream.ts';
import { runVivarium, type Server, startServer } from '../support/vivarium.ts';

type Context = { after(fn: () => void): void };

async function serve(
  t: Context,
  upstream: string,
): Promise<Server & { readonly root: string; readonly file: string }> {
  const folder = makeFolder(t, {
    'wsgi.py': textApplication('application'),
    'vivarium.toml': `processes = 1\n[upstreams.api]\n${upstream}\n[[routes]]\nproxy = "api"\n`,
  });
  const root = join(folder, 'root');
  const server = await startServer(['--server-root', root], { cwd: folder });
  t.after(() => server.stop());
  return Object.assign(server, { root, file: join(folder, 'vivarium.toml') });
}

async function answering(t: Context, body: string, where: string | number = 0): Promise<RawUpstream> {
  const upstream = await RawUpstream.open(t, where);
  upstream.answerAll(body);
  return upstream;
}

async function answers(server: Server, count: number, fields: string[] = []): Promise<string> {
  const texts: string[] = [];
  for (let i = 0; i < count; i++) texts.push((await getOnce(server.port, '/', fields)).text);
  return texts.join('');
}

const address = ({ port }: RawUpstream) => `127.0.0.1:${port}`;

test('requests are spread by weight, and go to another server when one fails', async (t) => {
  const [a, b] = [await answering(t, 'a'), await answering(t, 'b')];
  const servers = `servers = ["${address(a)}", { address = "${address(b)}", weight = 2 }]`;
  const server = await serve(t, servers);
  assert.equal(await answers(server, 6), 'babbab');
  b.close();
  assert.equal(await answers(server, 6), 'aaaaaa');
  await server.waitForOutput(/upstream-down: 127\.0\.0\.1:\d+ \(upstream api\) has failed/);
});

test('a POST is not sent twice, and one that was not sent goes to the next server', async (t) => {
  const [a, b] = [await RawUpstream.open(t), await answering(t, 'b')];
  const server = await serve(t, `servers = ["${address(a)}", "${address(b)}"]\nmax-fails = 0`);
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  await client.request('POST /order', ['Content-Length: 2'], 'ab');
  const peer = await a.accept();
  await peer.readHead();
  peer.close();
  assert.equal((await client.readResponse()).status, 502);
  assert.equal((await client.post('/order', 'b')).text, 'b');
  // Nobody listens there any more: nothing of the request can have been seen.
  a.close();
  assert.equal((await client.post('/order', 'c')).text, 'b');
  assert.equal((await client.post('/order', 'd')).text, 'b');
});

test('health checks take a server out and bring it back', async (t) => {
  let status = 200;
  const checked = http.createServer((request, response) => {
    response.statusCode = request.url === '/health' ? status : 200;
    response.end(request.url === '/health' ? 'fine' : 'checked');
  });
  checked.listen(0, '127.0.0.1');
  await once(checked, 'listening');
  t.after(() => checked.close());
  const { port } = checked.address() as { port: number };
  const other = await answering(t, 'fine');
  const check = 'health-check = { path = "/health", interval = "50ms", body = "fine" }';
  const server = await serve(t, `servers = ["127.0.0.1:${port}", "${address(other)}"]\n${check}`);
  assert.match(await answers(server, 2), /checked/);
  status = 503;
  await server.waitForOutput(/upstream-down: .* fails its health check: status 503/);
  assert.equal(await answers(server, 3), 'finefinefine');
  status = 200;
  await server.waitForOutput(/upstream-up: .* passes its health check/);
  assert.match(await answers(server, 2), /checked/);
});

test('a cookie brings a client back to its server', async (t) => {
  const [a, b] = [await answering(t, 'a'), await answering(t, 'b')];
  const server = await serve(t, `servers = ["${address(a)}", "${address(b)}"]\nsticky = true`);
  const first = await getOnce(server.port, '/');
  const cookie = first.get('set-cookie')!;
  assert.match(cookie, /^vivarium_server=[\da-f]{16}; Path=\/; HttpOnly; SameSite=Lax$/);
  const fields = [`Cookie: x=y; ${cookie.split(';')[0]}`];
  assert.equal(await answers(server, 4, fields), first.text.repeat(4));
  assert.equal((await getOnce(server.port, '/', fields)).get('set-cookie'), undefined);
  (first.text === 'a' ? a : b).close();
  const moved = await getOnce(server.port, '/', fields);
  assert.notEqual(moved.text, first.text);
  assert.match(moved.get('set-cookie')!, /^vivarium_server=/);
  assert.equal((await getOnce(server.port, '/', ['Cookie: vivarium_server=evil'])).status, 200);
});

test('requests wait for a server with room, and too many are refused', async (t) => {
  const upstream = await RawUpstream.open(t);
  const limits = 'max-queue = 1\nqueue-timeout = "300ms"';
  const only = `servers = [{ address = "${address(upstream)}", max-connections = 1 }]`;
  const server = await serve(t, `${only}\n${limits}`);
  const first = getOnce(server.port, '/first');
  const peer = await upstream.accept();
  await peer.readHead();
  const both = [getOnce(server.port, '/a'), getOnce(server.port, '/b')];
  const refused = await Promise.race(both);
  assert.equal(refused.status, 503);
  assert.equal(refused.get('retry-after'), '1');
  for (const response of await Promise.all(both)) assert.equal(response.status, 503);
  await server.waitForOutput(/upstream-busy: .* its queue is full/);
  await server.waitForOutput(/upstream-busy: .* waited longer than its queue-timeout/);
  await peer.answer('first');
  assert.equal((await first).text, 'first');
});

test('an answer that is no good is asked for elsewhere where the route says so', async (t) => {
  const [bad, good] = [await RawUpstream.open(t), await answering(t, 'good')];
  bad.answerAll('bad', 'HTTP/1.1 503 Service Unavailable');
  const folder = makeFolder(t, {
    'wsgi.py': textApplication('application'),
    'vivarium.toml': `
processes = 1
[upstreams.api]
servers = ["${address(bad)}", "${address(good)}"]
max-fails = 0
[[routes]]
match = "/strict"
proxy = { to = "api", retry-on = ["error", "503"] }
[[routes]]
proxy = "api"
`,
  });
  const server = await startServer([], { cwd: folder });
  t.after(() => server.stop());
  const texts = new Set<string>();
  for (let i = 0; i < 4; i++) texts.add((await getOnce(server.port, '/')).text);
  assert.deepEqual([...texts].sort(), ['bad', 'good']);
  for (let i = 0; i < 4; i++) assert.equal((await getOnce(server.port, '/strict')).text, 'good');
});

test('Unix sockets, and 502 while nobody is there', async (t) => {
  const path = join(makeFolder(t), 'up.sock');
  const server = await serve(t, `servers = ["unix:${path}"]`);
  assert.equal((await getOnce(server.port, '/')).status, 502);
  await server.waitForOutput(
    /upstream-failed: .* unix:\S+up\.sock \(upstream api\) is a socket that does not exist/,
  );
  await answering(t, 'socket', path);
  assert.equal((await getOnce(server.port, '/')).text, 'socket');
});

test('servers are changed by command, also for a gateway that comes after a crash or a reload', async (t) => {
  const [a, b] = [await answering(t, 'a'), await answering(t, 'b')];
  const server = await serve(t, `servers = ["${address(a)}", "${address(b)}"]`);
  const command = async (...args: string[]) => {
    const { code, output } = await runVivarium(['upstreams', ...args, '--server-root', server.root]);
    return `${code} ${output}`;
  };
  assert.match(await command(), /^0 UPSTREAM +SERVER +STATE .*\napi +127\.0\.0\.1:\d+ +up +1 /);
  assert.match(await command('api', 'disable', address(a)), new RegExp(`${address(a)} +disabled`));
  assert.equal(await answers(server, 3), 'bbb');
  const [, pid] = /gateway (\d+)\]/.exec(server.output) ?? [];
  const status = await runVivarium(['status', '--json', '--server-root', server.root]);
  const gateway = JSON.parse(status.output).gateway.pid;
  assert.ok(pid === undefined || Number(pid) === gateway);
  process.kill(gateway, 'SIGKILL');
  await server.waitForOutput(/gateway-replaced/);
  assert.equal(await answers(server, 3), 'bbb');
  appendFileSync(server.file, '[limit-connections]\nmax = 7\n');
  server.signal('SIGHUP');
  await server.waitForOutput(/reload-finished: a new gateway/);
  assert.equal(await answers(server, 3), 'bbb');
  await command('enable', address(a));
  assert.match(await answers(server, 4), /a/);
  assert.match(await command('nix'), /^[1-9].*no upstream "nix"; allowed: api/);
});

test('mod_wsgi-express names: a mount point and a virtual host', async (t) => {
  const upstream = await RawUpstream.open(t);
  const to = `http://${address(upstream)}`;
  const folder = makeFolder(t, { 'wsgi.py': textApplication('application') });
  const flags = ['--proxy-mount-point', '/chat', `${to}/v1`, '--proxy-virtual-host', 'api.example', to];
  const server = await startServer(flags, { cwd: folder });
  t.after(() => server.stop());
  const ask = async (target: string, fields: string[] = []) => {
    const response = getOnce(server.port, target, fields);
    const peer = await upstream.accept();
    const [line] = (await peer.readHead()).split('\r\n');
    await peer.answer('', ['Connection: close']);
    assert.equal((await response).status, 200);
    return line;
  };
  assert.equal(await ask('/chat/a%20b?c'), 'GET /v1/a%20b?c HTTP/1.1');
  assert.equal(await ask('/chat'), 'GET /v1/ HTTP/1.1');
  assert.equal((await getOnce(server.port, '/chatter')).text, 'application');
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  await client.send('GET /a/../b HTTP/1.1\r\nHost: api.example\r\n\r\n');
  assert.match(
    await (await upstream.accept()).readHead(),
    /^GET \/a\/\.\.\/b HTTP\/1\.1\r\nHost: api\.example\r\n/,
  );
});

test('mistakes in the configuration are named', async (t) => {
  const mistakes: [toml: string, message: RegExp][] = [
    [
      '[[routes]]\nproxy = "nix"',
      /routes\[0\]\.proxy: found "nix"; allowed: none: there are no \[upstreams\]/,
    ],
    ['[[routes]]\nproxy = "ftp://a"', /allowed: the name of one of \[upstreams\], a URL like/],
    ['[[routes]]\nproxy = "http://a/b?c"', /allowed: the name of one of/],
    ['[upstreams.a]\nservers = []', /upstreams\.a\.servers: found none; allowed: at least one server/],
    ['[upstreams.a]\nservers = ["a:99999"]', /allowed: HOST:PORT, \[IPV6\]:PORT, unix:PATH/],
    ['[upstreams.a]\nservers = ["a:1"]\npolicy = "fastest"', /allowed: round-robin, least-connections/],
    ['[upstreams.a]\nservers = ["a:1"]\ntls = { key-file = "k" }', /both or none/],
    [
      '[[routes]]\nproxy = { to = "http://a", retry-on = ["200"] }',
      /error, timeout, non-idempotent or a status/,
    ],
  ];
  for (const [toml, message] of mistakes) {
    const folder = makeFolder(t, { 'wsgi.py': textApplication('x'), 'vivarium.toml': toml });
    assert.match((await runVivarium(['check'], { cwd: folder })).output, message);
  }
});
