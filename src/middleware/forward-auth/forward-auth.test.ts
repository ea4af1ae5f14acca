import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, createServer as createRawServer } from 'node:net';
import path from 'node:path';
import { type TestContext, test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import type { AuthorityTarget, ForwardAuthSettings } from '../../config/sections/forward-auth.ts';
import type { Exchange } from '../../exchange.ts';
import type { Handler } from '../../handler.ts';
import { createLog } from '../../telemetry/log.ts';
import { forwardAuth } from './forward-auth.ts';

async function authority(t: TestContext, listener: RequestListener): Promise<AuthorityTarget> {
  const server = createServer(listener);
  return { kind: 'http', host: '127.0.0.1', port: await listening(t, server), uri: '/verify?x=1' };
}

async function listening(
  t: TestContext,
  server: Pick<Server, 'listen' | 'close' | 'address'> & NodeJS.EventEmitter,
  at?: string,
) {
  if (at === undefined) server.listen(0, '127.0.0.1');
  else server.listen(at);
  await once(server, 'listening');
  t.after(() => {
    server.close();
    (server as Server).closeAllConnections?.();
  });
  return (server.address() as AddressInfo).port;
}

function guarded(to: AuthorityTarget, changes: Partial<ForwardAuthSettings> = {}, next?: Handler) {
  const served: Exchange[] = [];
  const log = createLog('test', 'error', () => {});
  const settings = { to, copiedHeaders: [], userHeader: null, timeoutMs: 5_000, place: 'x', ...changes };
  const serve: Handler = (exchange) => {
    served.push(exchange);
    exchange.respond(200, [], 'served');
  };
  const handle = forwardAuth(settings, { log })(next ?? serve);
  const ask = async (request: FakeRequest = {}) => {
    const exchange = new FakeExchange(request);
    handle(exchange);
    await exchange.finished;
    return exchange;
  };
  return { handle, ask, served };
}

test('an answer of the 200 class lets through; the question says what it is about', async (t) => {
  const asked: IncomingMessage[] = [];
  const to = await authority(t, (request, response) => {
    asked.push(request);
    response.writeHead(204).end();
  });
  const { ask, served } = guarded(to);
  const fields = {
    Host: 'shop.test',
    Cookie: 'a=b',
    'Content-Length': '5',
    'X-Forwarded-Uri': '/forged',
    X_Forwarded_Uri: '/forged',
    'X-Hop': 'x',
    Connection: 'x-hop',
  };
  const exchange = await ask({ method: 'POST', target: '/buy?n=1', authority: 'shop.test', fields });
  assert.equal(exchange.status, 200);
  assert.equal(served.length, 1);
  const { method, url, headers } = asked[0]!;
  assert.deepEqual([method, url], ['GET', '/verify?x=1']);
  assert.equal(headers.host, `127.0.0.1:${(to as { port: number }).port}`);
  const { host: _, connection: __, ...others } = headers;
  assert.deepEqual(others, {
    cookie: 'a=b',
    'x-forwarded-method': 'POST',
    'x-forwarded-proto': 'http',
    'x-forwarded-host': 'shop.test',
    'x-forwarded-uri': '/buy?n=1',
    'x-forwarded-for': '192.0.2.7',
  });
});

test('any other answer is for the client, redirects and cookies too', async (t) => {
  const to = await authority(t, (_, response) => {
    response.writeHead(302, {
      Location: 'https://login.test/',
      'Set-Cookie': ['a=1', 'b=2'],
      'X-Hop': 'x',
      Connection: 'x-hop',
    });
    response.end('to the login');
  });
  const { ask, served } = guarded(to);
  const exchange = await ask();
  assert.deepEqual([exchange.status, exchange.text], [302, 'to the login']);
  const names = exchange.responseFields.filter((_, i) => i % 2 === 0);
  assert.deepEqual(names, ['Location', 'Set-Cookie', 'Set-Cookie', 'Date']);
  assert.equal(served.length, 0);
});

test('chosen headers of the answer take the place of those of the client, also when there are none', async (t) => {
  const to = await authority(t, (_, response) =>
    response.writeHead(200, { 'Remote-User': 'alice', 'X-Groups': 'a' }).end(),
  );
  const { ask, served } = guarded(to, {
    copiedHeaders: ['Remote-User', 'X-Groups', 'X-Email'],
    userHeader: 'remote-user',
  });
  await ask({ fields: { 'Remote-User': 'root', 'remote-user': 'root', 'X-Email': 'root@x', Other: 'y' } });
  const { request, environ } = served[0]!;
  assert.deepEqual(
    request.fields.names.map(({ lower }, i) => `${lower} ${request.fields.values[i]}`),
    ['other y', 'remote-user alice', 'x-groups a'],
  );
  assert.deepEqual(environ, ['AUTH_TYPE', 'Forward', 'REMOTE_USER', 'alice']);
});

test('no answer lets nobody through', async (t) => {
  const silent = createRawServer((socket) => socket.on('error', () => {}));
  const late = guarded(
    { kind: 'http', host: '127.0.0.1', port: await listening(t, silent as never), uri: '/' },
    { timeoutMs: 20 },
  );
  assert.equal((await late.ask()).status, 504);
  const rude = createRawServer((socket) => socket.on('error', () => {}).end('SMTP ready\r\n'));
  const nonsense = guarded({
    kind: 'http',
    host: '127.0.0.1',
    port: await listening(t, rude as never),
    uri: '/',
  });
  assert.equal((await nonsense.ask()).status, 502);
  const nobody = guarded({ kind: 'unix', path: '/nonexistent/socket', uri: '/' });
  assert.equal((await nobody.ask()).status, 502);
  const endless = await authority(t, (_, response) => {
    response.on('error', () => {});
    const more = () => {
      while (!response.destroyed && response.write(Buffer.alloc(65_536)));
    };
    response.on('drain', more);
    more();
  });
  const flood = guarded(endless);
  assert.equal((await flood.ask()).status, 502);
  for (const { served } of [late, nonsense, nobody, flood]) assert.equal(served.length, 0);
});

test('an answer that is cut off is none', async (t) => {
  const cut = createRawServer((socket) => {
    socket
      .on('error', () => {})
      .once('data', () => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nx'));
  });
  const { ask } = guarded({
    kind: 'http',
    host: '127.0.0.1',
    port: await listening(t, cut as never),
    uri: '/',
  });
  assert.equal((await ask()).status, 502);
});

test('connections are kept, and one that was closed meanwhile costs nothing', async (t) => {
  let connections = 0;
  const server = createServer((_, response) => response.end());
  server.on('connection', () => connections++);
  const port = await listening(t, server);
  const { ask } = guarded({ kind: 'http', host: '127.0.0.1', port, uri: '/' });
  assert.equal((await ask()).status, 200);
  assert.equal((await ask()).status, 200);
  assert.equal(connections, 1);
  server.closeIdleConnections();
  assert.equal((await ask()).status, 200);
});

test('over a Unix socket', async (t) => {
  const socket = path.join(makeFolder(t, {}), 'auth.sock');
  const server = createServer((request, response) =>
    response.writeHead(request.url === '/verify' ? 200 : 500).end(),
  );
  await listening(t, server, socket);
  assert.equal((await guarded({ kind: 'unix', path: socket, uri: '/verify' }).ask()).status, 200);
});

test('a client that goes takes its question with it', async (t) => {
  const asked = Promise.withResolvers<IncomingMessage>();
  const to = await authority(t, (request) => asked.resolve(request));
  const { handle, served } = guarded(to);
  const exchange = new FakeExchange();
  handle(exchange);
  const question = await asked.promise;
  exchange.leave();
  await once(question.socket, 'close');
  assert.equal(served.length, 0);
});

test('a path of this server', async () => {
  const seen: string[] = [];
  const next: Handler = (exchange) => {
    const { method, path, fields } = exchange.request;
    seen.push(`${method} ${path} ${fields.get('x-forwarded-uri')} ${fields.get('remote-user')}`);
    if (path !== '/auth') return exchange.respond(200, [], 'served');
    assert.equal(exchange.body, null);
    exchange.captures = { 1: 'lost' };
    exchange.environ = ['REMOTE_USER', 'lost'];
    if (fields.get('cookie') === null) return exchange.abort(403, 'No cookie.');
    if (fields.get('cookie') === 'broken') return exchange.abort(503, 'Broken.');
    exchange.start(fields.get('cookie') === 'good' ? 200 : 401, [
      'Remote-User',
      'ali\0ce',
      'Content-Length',
      '2',
    ]);
    exchange.write('no');
    exchange.end();
  };
  const { ask } = guarded({ kind: 'internal', path: '/auth' }, { copiedHeaders: ['Remote-User'] }, next);
  assert.equal((await ask({ target: '/x', fields: { Cookie: 'good' } })).text, 'served');
  const refused = await ask({ target: '/x', fields: { Cookie: 'bad' } });
  assert.deepEqual([refused.captures, refused.environ], [null, null]);
  assert.deepEqual([refused.status, refused.text, refused.field('content-length')], [401, 'no', null]);
  assert.equal((await ask({ target: '/x' })).status, 403);
  assert.equal((await ask({ target: '/x', fields: { Cookie: 'broken' } })).status, 502);
  assert.deepEqual(seen.slice(0, 3), ['GET /auth /x null', 'GET /x null alice', 'GET /auth /x null']);
});
