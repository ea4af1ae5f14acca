import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import { runCommand } from '../../test/support/fake-terminal.ts';
import { makeFolder } from '../../test/support/folder.ts';

const GET = 'GET /a?b=%20c HTTP/1.1\r\nHost: shop.test\r\nX-Name: Zoë\r\nConnection: close\r\n\r\n';
const POST =
  'POST /form HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 3\r\nContent-Type: text/plain\r\n\r\na=b';
const OK = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nSet-Cookie: a=1\r\n\r\n';

/** Keys sort by number: 9 was recorded before 10. */
const FILES = {
  '9-77-1.request': GET,
  '9-77-1.response': `${OK}hello`,
  '10-77-2.request': POST,
  '10-77-2.exception': 'Traceback …',
};

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('requests are sent as they were recorded, in their order', async (t) => {
  const seen: unknown[] = [];
  const url = await serve(t, (request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      seen.push([request.method, request.url, request.headers.host, request.headers['x-name'], body]);
      response.writeHead(request.method === 'GET' ? 200 : 500, { 'Content-Type': 'text/plain' });
      response.end('hello');
    });
  });
  const { status, printed } = await runCommand(['replay', makeFolder(t, FILES), url]);
  assert.deepEqual(seen, [
    ['GET', '/a?b=%20c', 'shop.test', Buffer.from('Zoë').latin1Slice(), ''],
    ['POST', '/form', 'shop.test', undefined, 'a=b'],
  ]);
  assert.match(
    printed,
    /^200 +[\d.]+ ms {2}GET \/a\?b=%20c\n500 +[\d.]+ ms {2}POST \/form\n2 requests, all as before\n$/,
  );
  assert.equal(status, 0);
});

for (const [name, listener, difference] of [
  ['status', (_, response) => response.writeHead(404).end(), 'status was 200, is 404'],
  [
    'content type',
    (_, response) => response.setHeader('Content-Type', 'text/html').end('hello'),
    'Content-Type was text/plain, is text/html',
  ],
  [
    'body',
    (_, response) => response.setHeader('Content-Type', 'text/plain').end('help!!'),
    'body differs from byte 3 on (5 bytes before, 6 now)',
  ],
  ['answer', (request) => request.socket.destroy(), 'no answer: ECONNRESET'],
] as readonly (readonly [string, RequestListener, string])[]) {
  test(`another ${name} is told`, async (t) => {
    const folder = makeFolder(t, { '1.request': GET, '1.response': `${OK}hello` });
    const { status, printed } = await runCommand(['replay', '--json', folder, await serve(t, listener)]);
    assert.deepEqual(JSON.parse(printed).differences, [difference]);
    assert.equal(status, 1);
  });
}

test('what cannot be replayed is a mistake', async (t) => {
  const folder = makeFolder(t, { 'bad/1.request': 'nonsense', 'empty/x': '' });
  for (const [argv, told] of [
    [[], /found 0 arguments; allowed: DIRECTORY \[URL\]/],
    [['a', 'b', 'c'], /found 3 arguments/],
    [['a', 'ftp://x'], /URL: found "ftp:\/\/x"; allowed: an http or https URL/],
    [['a', '--jsno'], /found "--jsno"; did you mean --json\?/],
    [[`${folder}/none`], /none: cannot be read: ENOENT/],
    [[`${folder}/empty`], /empty: holds no recorded requests/],
    [[`${folder}/bad`], /1\.request: is no HTTP message/],
  ] as const) {
    const said = await runCommand(['replay', ...argv]);
    assert.match(said.told, told);
    assert.equal(said.status, 2);
  }
});
