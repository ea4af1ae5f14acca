/** HTTP/1.1 on the wire: connections, framing in both directions, the forms of a target, limits and timeouts. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { RawClient } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

interface Context {
  after(then: () => void): void;
}

let server: Server;
before(async () => {
  const limits = ['--limit-request-line', '1000', '--limit-request-fields', '20'];
  limits.push('--limit-request-field-size', '1000', '--limit-request-body', '10000');
  server = await startServer([`${APPS}pep3333.py`, '--processes', '1', ...limits]);
});
after(() => server.stop());

async function open(t: Context, port = server.port): Promise<RawClient> {
  const client = await RawClient.open(port);
  t.after(() => client.close());
  return client;
}

describe('a connection', () => {
  test('is kept after HTTP/1.1, and closed when the client asks', async (t) => {
    const client = await open(t);
    for (let n = 0; n < 3; n++) assert.equal((await client.get('/hello')).text, 'hello\n');
    const last = await client.get('/hello', ['Connection: close']);
    assert.equal(last.get('connection'), 'close');
    await client.waitForEnd();
  });

  test('is closed after HTTP/1.0, unless the client asks to keep it', async (t) => {
    const closing = await open(t);
    await closing.send('GET /hello HTTP/1.0\r\n\r\n');
    assert.equal((await closing.readResponse()).text, 'hello\n');
    await closing.waitForEnd();

    const kept = await open(t);
    await kept.send('GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    assert.equal((await kept.readResponse()).get('connection'), 'keep-alive');
    await kept.send('GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    assert.equal((await kept.readResponse()).text, 'hello\n');
  });

  test('answers pipelined requests in their order, whichever is ready first', async (t) => {
    const client = await open(t);
    const paths = ['/wait?name=pipeline', '/hello', '/gate?name=other', '/upload'];
    await client.send(paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    // The first waits until another client lets it go on.
    const other = await open(t);
    await other.get('/gate?name=pipeline');
    assert.equal((await client.readResponse()).text, 'opened');
    assert.equal((await client.readResponse()).text, 'hello\n');
    assert.equal((await client.readResponse()).text, 'open');
    assert.equal(JSON.parse((await client.readResponse()).text).length, 0);
  });

  test('takes a request that comes byte by byte', async (t) => {
    const client = await open(t);
    for (const byte of 'GET /hello HTTP/1.1\r\nHost: a\r\n\r\n') await client.send(byte);
    assert.equal((await client.readResponse()).text, 'hello\n');
  });
});

describe('framing', () => {
  test('of a response without a length is chunked, and the end of the connection for HTTP/1.0', async (t) => {
    const client = await open(t);
    const chunked = await client.get('/write');
    assert.equal(chunked.get('transfer-encoding'), 'chunked');
    assert.equal(chunked.get('content-length'), undefined);

    await client.send('GET /write HTTP/1.0\r\n\r\n');
    const old = await client.readResponse();
    assert.equal(old.get('transfer-encoding'), undefined);
    assert.equal(old.text, 'written first, then returned\n');
  });

  test('of a chunked request leaves the connection in step', async (t) => {
    const client = await open(t);
    await client.request('POST /echo', ['Transfer-Encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n');
    await client.request('GET /hello');
    assert.equal(JSON.parse((await client.readResponse()).text).read, 'abc');
    assert.equal((await client.readResponse()).text, 'hello\n');
  });

  test('has a Date and one length', async (t) => {
    const response = await (await open(t)).get('/hello');
    assert.ok(!Number.isNaN(Date.parse(response.get('date')!)));
    assert.equal(response.fields.filter(([name]) => name.toLowerCase() === 'content-length').length, 1);
  });

  test('of a HEAD answer is that of the GET, without the body', async (t) => {
    const client = await open(t);
    await client.request('HEAD /write');
    assert.equal((await client.readResponse({ hasBody: false })).status, 200);
    assert.equal((await client.get('/hello')).text, 'hello\n');
  });
});

describe('Expect: 100-continue', () => {
  test('is answered before the body comes', async (t) => {
    const client = await open(t);
    await client.request('POST /echo', ['Content-Length: 5', 'Expect: 100-continue']);
    assert.equal((await client.readHead()).status, 100);
    await client.send('hello');
    assert.equal(JSON.parse((await client.readResponse()).text).read, 'hello');
  });

  test('is not needed when the body is there already', async (t) => {
    const client = await open(t);
    await client.request('POST /echo', ['Content-Length: 5', 'Expect: 100-continue'], 'hello');
    let response = await client.readResponse();
    if (response.status === 100) response = await client.readResponse();
    assert.equal(JSON.parse(response.text).read, 'hello');
  });

  test('with a body over the limit is a 413 and no 100', async (t) => {
    const client = await open(t);
    await client.request('POST /echo', ['Content-Length: 10001', 'Expect: 100-continue']);
    assert.equal((await client.readResponse()).status, 413);
    await client.waitForEnd();
  });

  test('of anything else is a 417', async (t) => {
    const client = await open(t);
    await client.request('POST /echo', ['Content-Length: 5', 'Expect: a-miracle'], 'hello');
    assert.equal((await client.readResponse()).status, 417);
  });
});

describe('a target', () => {
  test('may be absolute, and its host is the one that counts', async (t) => {
    const client = await open(t);
    await client.send('GET http://shop.example:81/a?b=c HTTP/1.1\r\nHost: other.example\r\n\r\n');
    const environ = JSON.parse((await client.readResponse()).text);
    assert.equal(environ.PATH_INFO, '/a');
    assert.equal(environ.QUERY_STRING, 'b=c');
    assert.equal(environ.HTTP_HOST, 'shop.example:81');
  });

  test('may be * for OPTIONS alone', async (t) => {
    const client = await open(t);
    await client.request('OPTIONS *');
    assert.ok([200, 204].includes((await client.readResponse()).status));
    await client.request('GET *');
    assert.equal((await client.readResponse()).status, 400);
  });
});

describe('a refusal', () => {
  const refused = {
    'bare LF': [400, 'GET / HTTP/1.1\nHost: a\n\n'],
    'no Host': [400, 'GET / HTTP/1.1\r\n\r\n'],
    'two Hosts': [400, 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'],
    'space before the colon': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX : b\r\n\r\n'],
    'folded field': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n'],
    'NUL in a field': [400, 'GET / HTTP/1.1\r\nHost: a\r\nX: b\0c\r\n\r\n'],
    'length and chunked': [
      400,
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    'two lengths': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    'a length that is no number': [400, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\na'],
    'a bad chunk size': [400, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n'],
    'another version': [505, 'GET / HTTP/2.7\r\nHost: a\r\n\r\n'],
    'a target over its limit': [414, `GET /${'x'.repeat(1000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    'a field over its limit': [431, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(1001)}\r\n\r\n`],
    'too many fields': [431, `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(20)}\r\n`],
    'a body over its limit': [413, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10001\r\n\r\n'],
    'a chunked body over its limit': [
      413,
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2711\r\n${'x'.repeat(10001)}\r\n0\r\n\r\n`,
    ],
  } as const;

  for (const [what, [status, bytes]] of Object.entries(refused)) {
    test(`of ${what} is a ${status} and a closed connection`, async (t) => {
      const client = await open(t);
      await client.send(bytes);
      const response = await client.readResponse();
      assert.equal(response.status, status);
      assert.equal(response.get('connection'), 'close');
      await client.waitForEnd();
    });
  }

  test('leaves its line in the access log', async (t) => {
    const from = server.output.length;
    await (await open(t)).send('GET /spaced out HTTP/1.1\r\nHost: a\r\n\r\n');
    await server.waitForOutput(/ 400 /, from);
  });
});

describe('a timeout', () => {
  let hasty: Server;
  before(async () => {
    const timeouts = [
      '--header-timeout',
      '1500ms',
      '--body-timeout',
      '1500ms',
      '--keep-alive-timeout',
      '1500ms',
    ];
    hasty = await startServer([`${APPS}pep3333.py`, '--processes', '1', ...timeouts]);
  });
  after(() => hasty.stop());

  test('ends a connection that does not finish its head: 408', async (t) => {
    const client = await open(t, hasty.port);
    await client.send('GET / HTTP/1.1\r\nHost:');
    assert.equal((await client.readResponse()).status, 408);
    await client.waitForEnd();
  });

  test('ends a connection that does not finish its body: 408', async (t) => {
    const client = await open(t, hasty.port);
    await client.request('POST /echo', ['Content-Length: 100'], 'only a part');
    assert.equal((await client.readResponse()).status, 408);
    await client.waitForEnd();
  });

  test('ends an idle connection without a word', async (t) => {
    const client = await open(t, hasty.port);
    await client.get('/hello');
    assert.equal((await client.readToEnd()).length, 0);
  });

  test('does not end a request that the application takes longer for', async (t) => {
    const client = await open(t, hasty.port);
    assert.equal((await client.get('/sleep?ms=3000')).text, 'slept');
  });
});
