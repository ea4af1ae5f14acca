/** A route that is answered by another server, seen from both of its ends byte by byte. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, open, server, upstream } from '../support/proxy-site.ts';

describe('what a server gets', () => {
  test('is the request without what concerns only the connection to the client', async (t) => {
    const [client, peer, head] = await ask(t, 'GET /a/%2e?b=c', [
      'Connection: keep-alive, X-Mine',
      'X-Mine: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Authorization: Basic eA==',
      'Proxy: http://evil.example',
      'X_Forwarded_For: 192.0.2.1',
      'X-Forwarded-For: 192.0.2.2',
      'X-Forwarded-Host: evil.example',
      'Forwarded: for=192.0.2.3',
      'X-Real-IP: 192.0.2.4',
      'Accept: */*',
    ]);
    assert.deepEqual(head.split('\r\n'), [
      'GET /a/%2e?b=c HTTP/1.1',
      'Host: localhost',
      'Accept: */*',
      'X-Forwarded-For: 127.0.0.1',
      'X-Forwarded-Host: localhost',
      'X-Forwarded-Proto: http',
      `X-Forwarded-Port: ${server.port}`,
      'Forwarded: for=127.0.0.1;host="localhost";proto=http',
      '',
      '',
    ]);
    await peer.answer('hello');
    assert.equal((await client.readResponse()).text, 'hello');
  });

  test('has its path below that of the URL, and its host', async (t) => {
    const [client, peer, head] = await ask(t, 'GET /below//a%20b/c%3Fd?e');
    const lines = head.split('\r\n');
    assert.equal(lines[0], 'GET /v1/a%20b/c%3Fd?e HTTP/1.1');
    assert.equal(lines[1], `Host: 127.0.0.1:${upstream.port}`);
    assert.ok(lines.includes('X-Forwarded-Prefix: /below'));
    assert.ok(lines.includes('Via: 1.1 vivarium'));
    const location = `Location: http://127.0.0.1:${upstream.port}/v1/next`;
    await peer.answer('', [location]);
    const response = await client.readResponse();
    assert.equal(response.get('location'), '/below/next');
    assert.equal(response.get('via'), '1.1 vivarium');
  });

  test('comes on a connection that is kept', async (t) => {
    const [client, peer] = await ask(t, 'GET /kept/1');
    await peer.answer('1');
    await client.readResponse();
    const before = upstream.connections;
    await client.request('GET /kept/2');
    assert.match(await peer.readHead(), /^GET \/kept\/2 /);
    await peer.answer('2');
    assert.equal((await client.readResponse()).text, '2');
    assert.equal(upstream.connections, before);
  });
});

describe('what a client gets', () => {
  test('is the answer without what concerns only the connection to the server', async (t) => {
    const [client, peer] = await ask(t, 'GET /');
    await peer.answer('x', [
      'Connection: close, X-Hop',
      'X-Hop: 1',
      'Keep-Alive: 5',
      'X-End: 2',
      'Server: own',
    ]);
    const response = await client.readResponse();
    assert.deepEqual(
      response.fields.filter(([name]) => name !== 'Date').map(([name, value]) => `${name}: ${value}`),
      ['X-End: 2', 'Server: own', 'Content-Length: 1'],
    );
    // The server closes its connection, not that of the client.
    const accepting = upstream.accept();
    await client.request('GET /again');
    const fresh = await accepting;
    t.after(() => fresh.close());
    await fresh.answer('y');
    assert.equal((await client.readResponse()).text, 'y');
  });

  test('has cookies and redirects as the client knows them', async (t) => {
    const [client, peer] = await ask(t, 'GET /cookies');
    await peer.answer('', [
      'Location: http://internal/next',
      'Set-Cookie: a=domain; Domain=.internal; Path=/v1/x; HttpOnly',
      'Set-Cookie: b=2; path=/v10; domain=other.example',
    ]);
    const response = await client.readResponse();
    const cookies = response.fields.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value);
    assert.equal(response.get('location'), '/next');
    assert.deepEqual(cookies, [
      'a=domain; Domain=example.org; Path=/api/x; HttpOnly',
      'b=2; path=/v10; domain=other.example',
    ]);
  });

  test('comes as the server sends it', async (t) => {
    const [client, peer] = await ask(t, 'GET /');
    await peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n');
    await client.readHead();
    assert.equal((await client.readChunk())!.toString(), 'one');
    await peer.send('3\r\ntwo\r\n0\r\n\r\n');
    assert.equal((await client.readChunk())!.toString(), 'two');
    assert.equal(await client.readChunk(), null);
  });

  test('ends where a server of HTTP/1.0 closes', async (t) => {
    const [client, peer] = await ask(t, 'GET /');
    await peer.send('HTTP/1.0 200 OK\r\n\r\nuntil the end');
    peer.socket.end();
    const { text, complete } = await client.readResponse();
    assert.deepEqual({ text, complete }, { text: 'until the end', complete: true });
  });

  test('has interim answers before it, and trailers that were asked for behind it', async (t) => {
    const [client, peer, head] = await ask(t, 'GET /', ['TE: trailers, deflate', 'Connection: TE']);
    assert.match(head, /\r\nTE: trailers\r\n/);
    await peer.send('HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n');
    const hints = await client.readHead();
    assert.equal(hints.status, 103);
    assert.equal(hints.get('link'), '</a.css>');
    await peer.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n');
    assert.deepEqual((await client.readResponse()).trailers, ['X-Sum: 1']);
  });
});

describe('a body', () => {
  test('is passed on while it arrives', async (t) => {
    const [client, peer, head] = await ask(t, 'POST /kept/', ['Content-Length: 6']);
    assert.match(head, /\r\nContent-Length: 6\r\n/);
    await client.send('abc');
    assert.equal(await peer.read(3), 'abc');
    await client.send('def');
    assert.equal(await peer.read(3), 'def');
    await peer.answer('ok');
    assert.equal((await client.readResponse()).text, 'ok');
    // And the connection of the client goes on.
    await client.request('GET /kept/next');
    assert.match(await peer.readHead(), /^GET \/kept\/next /);
    await peer.answer('next');
    assert.equal((await client.readResponse()).text, 'next');
  });

  test('in chunks is cut into other chunks, without what could be read in two ways', async (t) => {
    const [client, peer, head] = await ask(t, 'POST /', ['Transfer-Encoding: chunked']);
    assert.match(head, /\r\nTransfer-Encoding: chunked\r\n/);
    assert.doesNotMatch(head, /Content-Length/i);
    await client.send('0003;ext="x"\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n');
    assert.equal(await peer.readThrough('\r\n\r\n'), '3\r\nabc\r\n0\r\nX-Trailer: 1\r\n\r\n');
    await peer.answer('ok');
    assert.equal((await client.readResponse()).text, 'ok');
  });

  test('is collected first where the route says so', async (t) => {
    const client = await open(t);
    const before = upstream.connections;
    await client.request('POST /collected/', ['Transfer-Encoding: chunked'], '3\r\nabc\r\n');
    await client.send('3\r\ndef\r\n0\r\n\r\n');
    const peer = await upstream.accept();
    t.after(() => peer.close());
    assert.equal(upstream.connections, before + 1);
    assert.match(await peer.readHead(), /\r\nContent-Length: 6\r\n/);
    assert.equal(await peer.read(6), 'abcdef');
    await peer.answer('ok');
    assert.equal((await client.readResponse()).text, 'ok');
  });

  test('for the application beside it is collected as ever', async (t) => {
    const client = await open(t);
    await client.request('POST /app', ['Transfer-Encoding: chunked'], '3\r\nabc\r\n0\r\n\r\n');
    assert.equal((await client.readResponse()).text, '3 3');
    assert.equal((await client.post('/app', Buffer.alloc(300_000))).text, '300000 300000');
    assert.equal((await client.post('/app', '', ['Content-Type: a/b'])).text, '0 0');
  });

  test('that is too large is refused, as soon as that shows', async (t) => {
    const declared = await open(t);
    await declared.request('POST /', ['Content-Length: 2000000']);
    assert.equal((await declared.readResponse()).status, 413);
    const [client, peer] = await ask(t, 'POST /', ['Transfer-Encoding: chunked']);
    await client.send(`fffff\r\n${'x'.repeat(0xfffff)}\r\n2\r\nxx\r\n`);
    assert.equal((await client.readResponse()).status, 413);
    await peer.waitForEnd();
  });

  test('with a fault is a 400, and the server sees that it is not whole', async (t) => {
    const [client, peer] = await ask(t, 'POST /', ['Transfer-Encoding: chunked']);
    await client.send('3\r\nabcX');
    assert.equal((await client.readResponse()).status, 400);
    await peer.waitForEnd();
  });

  test('is waited for as the server wishes (Expect)', async (t) => {
    const [client, peer, head] = await ask(t, 'POST /', ['Content-Length: 3', 'Expect: 100-continue']);
    assert.match(head, /\r\nExpect: 100-continue\r\n/);
    await peer.send('HTTP/1.1 100 Continue\r\n\r\n');
    assert.equal((await client.readHead()).status, 100);
    await client.send('abc');
    assert.equal(await peer.read(3), 'abc');
    await peer.answer('ok');
    assert.equal((await client.readResponse()).text, 'ok');

    const [refused, refusing] = await ask(t, 'POST /', ['Content-Length: 3', 'Expect: 100-continue']);
    await refusing.send('HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n');
    const response = await refused.readResponse();
    assert.equal(response.status, 401);
    assert.equal(response.get('connection'), 'close');
  });

  test('is not waited for once the answer is there', async (t) => {
    const [client, peer] = await ask(t, 'POST /', ['Content-Length: 1000']);
    await client.send('abc');
    await peer.read(3);
    await peer.answer('enough');
    const response = await client.readResponse();
    assert.equal(response.text, 'enough');
    assert.equal(response.get('connection'), 'close');
    await peer.waitForEnd();
  });
});
