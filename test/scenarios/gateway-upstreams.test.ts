/** Servers behind us that speak SCGI: what they get, what they answer, and what they do wrong. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { acceptScgi, answerScgi, ask, checked, folder, open, scgi, server } from '../support/gateway-site.ts';
import { getOnce } from '../support/raw-client.ts';

const WEBSOCKET = [
  'Connection: Upgrade',
  'Upgrade: websocket',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Key: x3JJHMbDL1EzLkh9GBhXDw==',
];

describe('what a server gets', () => {
  test('is the request as CGI variables', async (t) => {
    const [client, peer, variables] = await ask(t, 'GET /a%20b//%C3%A9?x=%20', [
      'Cookie: a=1',
      'Cookie: b=2',
    ]);
    const { SERVER_SOFTWARE: software, REMOTE_PORT: port, ...others } = Object.fromEntries(variables);
    assert.match(software!, /^vivarium\//);
    assert.match(port!, /^\d+$/);
    assert.deepEqual(others, {
      CONTENT_LENGTH: '0',
      SCGI: '1',
      REQUEST_METHOD: 'GET',
      SCRIPT_NAME: '',
      PATH_INFO: '/a b//\xc3\xa9',
      QUERY_STRING: 'x=%20',
      REQUEST_URI: '/a%20b//%C3%A9?x=%20',
      DOCUMENT_URI: '/a b//\xc3\xa9',
      SERVER_PROTOCOL: 'HTTP/1.1',
      REQUEST_SCHEME: 'http',
      GATEWAY_INTERFACE: 'CGI/1.1',
      SERVER_NAME: 'localhost',
      SERVER_PORT: String(server.port),
      SERVER_ADDR: '127.0.0.1',
      REMOTE_ADDR: '127.0.0.1',
      HTTP_HOST: 'localhost',
      HTTP_COOKIE: 'a=1; b=2',
      HTTP_X_FORWARDED_FOR: '127.0.0.1',
      HTTP_X_FORWARDED_HOST: 'localhost',
      HTTP_X_FORWARDED_PROTO: 'http',
      HTTP_X_FORWARDED_PORT: String(server.port),
      HTTP_FORWARDED: 'for=127.0.0.1;host="localhost";proto=http',
    });
    await answerScgi(peer, 'Status: 201 Made\nContent-Type: text/plain\n\nhello');
    const response = await client.readResponse();
    assert.deepEqual([response.status, response.reason, response.text], [201, 'Made', 'hello']);
    assert.equal(response.get('status'), undefined);
  });

  test('has what the route adds, and the part of the path that led to it in SCRIPT_NAME', async (t) => {
    const fields = ['Authorization: Basic YTpi'];
    const [, , variables] = await ask(t, 'GET /mounted/x/y?mode=1%00HTTPS', fields);
    assert.equal(variables.get('SCRIPT_NAME'), '/mounted');
    assert.equal(variables.get('PATH_INFO'), '/x/y');
    assert.equal(variables.get('REQUEST_URI'), '/mounted/x/y?mode=1%00HTTPS');
    assert.equal(variables.get('APP_MODE'), 'live 1%00HTTPS');
    assert.equal(variables.get('SERVER_NAME'), 'inner');
    assert.equal(variables.get('HTTP_AUTHORIZATION'), 'Basic YTpi');
  });

  test('has nothing that a client could pretend with', async (t) => {
    const fields = [
      'Authorization: Basic YTpi',
      'Proxy-Authorization: Basic YTpi',
      'Proxy: http://evil',
      'X_Forwarded_For: 10.0.0.1',
      'X-Forwarded-For: 10.0.0.1',
      'Remote_User: root',
      'HTTPS: on',
      'Transfer-Encoding: chunked',
      'Connection: X-Secret',
      'X-Secret: 1',
    ];
    const [, peer, variables] = await ask(t, 'POST /', fields, '5\r\nhello\r\n0\r\n\r\n');
    const absent = [
      'AUTHORIZATION',
      'PROXY_AUTHORIZATION',
      'PROXY',
      'TRANSFER_ENCODING',
      'CONNECTION',
      'X_SECRET',
    ];
    for (const name of absent) assert.equal(variables.has(`HTTP_${name}`), false, name);
    for (const name of ['REMOTE_USER', 'HTTPS', 'HTTP_REMOTE_USER'])
      assert.equal(variables.has(name), false, name);
    assert.equal(variables.get('HTTP_X_FORWARDED_FOR'), '127.0.0.1');
    // The length of a body is told before it.
    assert.equal(variables.get('CONTENT_LENGTH'), '5');
    assert.equal(await peer.read(5), 'hello');
  });

  test('is the body as it comes', async (t) => {
    const [client, peer, variables] = await ask(t, 'POST /', ['Content-Length: 10'], 'hello');
    assert.equal(variables.get('CONTENT_LENGTH'), '10');
    assert.equal(await peer.read(5), 'hello');
    await client.send('world');
    assert.equal(await peer.read(5), 'world');
    await answerScgi(peer, 'Content-Type: a/b\r\nContent-Length: 2\r\n\r\nok');
    assert.equal((await client.readResponse()).text, 'ok');
  });
});

describe('an answer', () => {
  test('is passed on while it comes, and ends with the connection', async (t) => {
    const [client, peer] = await ask(t, 'GET /');
    await peer.send('HTTP/1.1 200 OK\r\nA: b\r\n\r\none');
    assert.equal((await client.readHead()).get('transfer-encoding'), 'chunked');
    assert.equal(String(await client.readChunk()), 'one');
    await peer.send('two');
    assert.equal(String(await client.readChunk()), 'two');
    peer.socket.end();
    assert.equal(await client.readChunk(), null);
  });

  test('has no more bytes than it says', async (t) => {
    const [client, peer] = await ask(t, 'GET /');
    await answerScgi(peer, 'Content-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\n\r\n');
    assert.equal((await client.readResponse()).text, 'hello');
    const accepting = scgi.accept();
    await client.request('GET /second');
    const [second] = await acceptScgi(t, accepting);
    await answerScgi(second, 'Content-Length: 1\r\n\r\n2');
    assert.equal((await client.readResponse()).text, '2');
  });

  test('with fewer bytes is cut for the client, too', async (t) => {
    const [client, peer] = await ask(t, 'GET /');
    await peer.send('Content-Length: 10\r\n\r\nhello');
    await client.readHead();
    peer.socket.end();
    assert.equal(String(await client.readToEnd()), 'hello');
  });

  test('to HEAD has no body', async (t) => {
    const [client, peer] = await ask(t, 'HEAD /');
    await answerScgi(peer, 'Content-Length: 5\r\n\r\n');
    assert.equal((await client.readResponse({ hasBody: false })).get('content-length'), '5');
  });

  test('can change to another protocol', async (t) => {
    const [client, peer, variables] = await ask(t, 'GET /', WEBSOCKET);
    assert.deepEqual(
      [variables.get('HTTP_UPGRADE'), variables.get('HTTP_CONNECTION')],
      ['websocket', 'Upgrade'],
    );
    await peer.send(
      'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nfirst',
    );
    assert.equal((await client.readHead()).status, 101);
    await client.send('hello');
    assert.equal(await peer.read(5), 'hello');
    await peer.send(' last');
    peer.socket.end();
    assert.equal(String(await client.readToEnd()), 'first last');
  });

  const bad: Record<string, string> = {
    nothing: '',
    'half a head': 'Status: 200 OK\r\nA: ',
    'no head': '<html>\n\nhello',
    'a status that is none': 'Status: fine\r\n\r\n',
    'two lengths': 'Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!',
    'a transfer coding': 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    'a carriage return in a field': 'A: b\rSet-Cookie: c=d\r\n\r\n',
    'a NUL': 'A: b\0c\r\n\r\n',
    'a head without end': `A: ${'a'.repeat(70_000)}`,
    'a protocol that was not asked for': 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n',
    'an interim status': 'Status: 100 Continue\r\n\r\n',
  };
  for (const [what, text] of Object.entries(bad)) {
    test(`is a 502: ${what}`, async (t) => {
      const [client, peer] = await ask(t, 'GET /');
      await peer.send(text);
      peer.socket.end();
      assert.equal((await client.readResponse()).status, 502);
      await peer.waitForEnd();
    });
  }

  test('that does not come is a 504', async (t) => {
    const [client] = await ask(t, 'GET /quick/');
    assert.equal((await client.readResponse()).status, 504);
  });
});

test('another server is asked where one cannot be', async (t) => {
  // One of two in a row goes to the socket that is not there.
  for (const line of ['POST /pair/1', 'POST /pair/2']) {
    const [client, peer] = await ask(t, line, ['Content-Length: 5'], 'hello');
    assert.equal(await peer.read(5), 'hello');
    await answerScgi(peer, 'Content-Length: 2\r\n\r\nok');
    assert.equal((await client.readResponse()).text, 'ok');
  }
  await server.waitForOutput(
    /upstream-failed: .*POST \/pair\/\d: unix:.*nobody\.sock .*does not exist; another server is asked/,
  );
});

test('a health check speaks the protocol of the server', async (t) => {
  const [peer, variables] = await acceptScgi(t, checked.accept());
  const names = ['REQUEST_METHOD', 'PATH_INFO', 'QUERY_STRING', 'CONTENT_LENGTH', 'PING'];
  const values = names.map((name) => variables.get(name));
  assert.deepEqual(values, ['GET', '/health', 'x=1', '0', 'pong']);
  await answerScgi(peer, 'Status: 500 No\r\n\r\n');
  await server.waitForOutput(/upstream-down: .* fails its health check: status 500/);
  assert.equal((await getOnce(server.port, '/checked/')).status, 502);
});

test('a client that leaves takes its request along', async (t) => {
  const [client, peer] = await ask(t, 'GET /');
  client.close();
  await peer.waitForEnd();
});

describe('an internal redirect', () => {
  test('by a Location that is a path, without a status', async (t) => {
    const [client, peer] = await ask(t, 'POST /first', ['Content-Length: 2', 'Cookie: a=1'], 'hi');
    const accepting = scgi.accept();
    await answerScgi(peer, 'Location: /second?a=b\r\n\r\nnobody reads this');
    const [second, variables] = await acceptScgi(t, accepting);
    const names = ['REQUEST_METHOD', 'PATH_INFO', 'QUERY_STRING', 'CONTENT_LENGTH', 'HTTP_COOKIE'];
    const values = names.map((name) => variables.get(name));
    assert.deepEqual(values, ['GET', '/second', 'a=b', '0', 'a=1']);
    await answerScgi(second, 'Content-Type: a/b\r\n\r\nit is here');
    assert.equal((await client.readResponse()).text, 'it is here');
  });

  test('is none with a status, with a whole URL, or where it is off', async (t) => {
    const answers = [
      ['GET /', 'Status: 302 Found\r\nLocation: /x\r\n\r\n', '/x'],
      ['GET /', 'Location: http://example.org/x\r\n\r\n', 'http://example.org/x'],
      ['GET /plain/', 'Location: /x\r\n\r\n', '/x'],
    ] as const;
    for (const [line, answer, location] of answers) {
      const [client, peer] = await ask(t, line);
      await answerScgi(peer, answer);
      const response = await client.readResponse();
      assert.deepEqual([response.status, response.get('location')], [302, location]);
    }
  });

  test('by a field of its own leads to what no client can ask for', async (t) => {
    assert.equal((await getOnce(server.port, '/private/report.txt')).status, 403);
    const [client, peer] = await ask(t, 'GET /custom/');
    const fields = ['Content-Type: text/csv', 'Content-Disposition: attachment', 'X-Other: 1'];
    await answerScgi(peer, `X-Internal: /private/report.txt\r\n${fields.join('\r\n')}\r\n\r\nno`);
    const response = await client.readResponse();
    assert.deepEqual([response.status, response.text], [200, 'the report']);
    const kept = ['content-type', 'content-disposition', 'x-other', 'x-internal'].map((name) =>
      response.get(name),
    );
    assert.deepEqual(kept, ['text/csv', 'attachment', undefined, undefined]);
  });

  test('cannot lead out of the site', async (t) => {
    for (const target of ['/a/../../etc/passwd', '/%2e%2e/x', '/%zz', '/a b']) {
      const [client, peer] = await ask(t, 'GET /custom/');
      await answerScgi(peer, `X-Internal: ${target}\r\n\r\n`);
      assert.equal((await client.readResponse()).status, 500, target);
    }
  });

  for (const path of ['/circle', '/cached/circle']) {
    test(`does not go round for ever: ${path}`, async (t) => {
      const before = scgi.connections;
      const client = await open(t);
      await client.request(`GET ${path}/0`);
      for (let i = 1; i <= 11; i++) {
        const [peer] = await acceptScgi(t);
        await answerScgi(peer, `Location: ${path}/${i}\r\n\r\n`);
      }
      assert.equal((await client.readResponse()).status, 500);
      assert.equal(scgi.connections, before + 11);
      await server.waitForOutput(
        new RegExp(`internal-redirect-failed: \\[request \\S+\\] GET ${path}/10: .* leads round in a circle`),
      );
    });
  }
});

test('X-Sendfile of a server behind', async (t) => {
  const [client, peer] = await ask(t, 'GET /sent/', ['Range: bytes=4-']);
  await answerScgi(peer, `X-Sendfile: ${folder}/private/report.txt\r\nContent-Type: text/x-report\r\n\r\nno`);
  const response = await client.readResponse();
  assert.deepEqual([response.status, response.text], [206, 'report']);
  assert.equal(response.get('content-type'), 'text/x-report');
});
