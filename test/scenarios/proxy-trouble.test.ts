/** The reverse proxy where one of its ends is slow, leaves, lies, or speaks another protocol. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ask, open, server, upstream } from '../support/proxy-site.ts';
import { getOnce } from '../support/raw-client.ts';

describe('a connection that the server closes', () => {
  test('while it was kept is replaced for what may be sent again', async (t) => {
    const [client, peer] = await ask(t, 'GET /kept/1');
    await peer.answer('1');
    await client.readResponse();
    const accepting = upstream.accept();
    await client.request('GET /kept/2');
    await peer.readHead();
    peer.close();
    const fresh = await accepting;
    t.after(() => fresh.close());
    assert.match(await fresh.readHead(), /^GET \/kept\/2 /);
    await fresh.answer('2');
    assert.equal((await client.readResponse()).text, '2');
  });

  test('is a 502 for what may have been done', async (t) => {
    const [client, peer] = await ask(t, 'GET /kept/1');
    await peer.answer('1');
    await client.readResponse();
    const before = upstream.connections;
    await client.request('POST /kept/order', ['Content-Length: 0']);
    await peer.readHead();
    peer.close();
    assert.equal((await client.readResponse()).status, 502);
    assert.equal(upstream.connections, before);
    await server.waitForOutput(
      /upstream-failed: \[request \S+\] POST \/kept\/order: 127\.0\.0\.1:\d+ \(upstream/,
    );
  });

  test('within its answer is one for the client, too', async (t) => {
    for (const framing of ['Content-Length: 10', 'Transfer-Encoding: chunked']) {
      const [client, peer] = await ask(t, 'GET /');
      await peer.send(`HTTP/1.1 200 OK\r\n${framing}\r\n\r\n3\r\nabc`);
      await client.readHead();
      peer.close();
      assert.equal((await client.readToEnd()).includes('0\r\n\r\n'), false);
    }
  });
});

describe('an answer that could be read in two ways', () => {
  const bad: Record<string, string> = {
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    'a bare line feed': 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello',
    'a folded line': 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\nContent-Length: 0\r\n\r\n',
    'no HTTP': 'SSH-2.0-OpenSSH_9.2p1\r\n',
    'a head without end': `HTTP/1.1 200 OK\r\nA: ${'a'.repeat(70_000)}`,
  };
  for (const [what, text] of Object.entries(bad)) {
    test(`is a 502: ${what}`, async (t) => {
      const [client, peer] = await ask(t, 'GET /');
      await peer.send(text);
      const response = await client.readResponse();
      assert.equal(response.status, 502);
      assert.doesNotMatch(response.text, /127\.0\.0\.1|hello/);
      await peer.waitForEnd();
    });
  }

  test('is never given to the next client', async (t) => {
    const [client, peer] = await ask(t, 'GET /kept/victim');
    await peer.answer('mine', []);
    await client.readResponse();
    // Bytes that nobody has asked for come on a connection that is kept.
    await peer.send('HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison');
    await peer.waitForEnd();
    const accepting = upstream.accept();
    await client.request('GET /kept/next');
    const fresh = await accepting;
    t.after(() => fresh.close());
    await fresh.answer('right');
    assert.equal((await client.readResponse()).text, 'right');
  });

  test('nor when it comes behind an answer at once', async (t) => {
    const [client, peer] = await ask(t, 'GET /kept/1');
    await peer.send(
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison',
    );
    assert.equal((await client.readResponse()).text, 'a');
    await peer.waitForEnd();
  });
});

test('a request that could be read in two ways reaches no server', async (t) => {
  const before = upstream.connections;
  for (const fields of [
    ['Content-Length: 5', 'Transfer-Encoding: chunked'],
    ['Content-Length: 5', 'Content-Length: 6'],
    ['Transfer-Encoding: chunked', 'Transfer-Encoding: identity'],
    ['Transfer-Encoding : chunked'],
  ]) {
    const client = await open(t);
    await client.request('POST /', fields, '0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.equal((await client.readResponse()).status, 400);
  }
  const coded = await open(t);
  await coded.request('POST /', ['Transfer-Encoding: gzip, chunked'], '0\r\n\r\n');
  assert.equal((await coded.readResponse()).status, 501);
  assert.equal(upstream.connections, before);
});

test('a server that is too slow is a 504', async (t) => {
  const [client] = await ask(t, 'GET /quick/x');
  assert.equal((await client.readResponse()).status, 504);
  await server.waitForOutput(/upstream-failed: .*\/quick\/x: .* did not answer for 0\.2 s/);
});

test('a client that leaves takes the request with it', async (t) => {
  const [client, peer] = await ask(t, 'GET /');
  client.close();
  await peer.waitForEnd();
});

describe('another protocol', () => {
  const WEBSOCKET = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: a'];
  const SWITCHING =
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: WebSocket\r\nX-A: b\r\n\r\n';

  test('is passed through in both directions', async (t) => {
    const [client, peer, head] = await ask(t, 'GET /chat', WEBSOCKET);
    assert.match(head, /\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n/);
    await client.send('early');
    await peer.send(`${SWITCHING}welcome`);
    const answer = await client.readHead();
    assert.deepEqual([answer.status, answer.get('upgrade'), answer.get('x-a')], [101, 'WebSocket', 'b']);
    assert.equal(await peer.read(5), 'early');
    await client.send('\x00\xff');
    assert.equal(await peer.read(2), '\x00\xff');
    const large = 'x'.repeat(1_000_000);
    await Promise.all([peer.send(large), client.send(large)]);
    assert.equal(await peer.read(large.length), large);
    peer.socket.end();
    assert.equal((await client.readToEnd()).length, 'welcome'.length + large.length);
    await server.waitForOutput(/"GET \/chat HTTP\/1\.1" 101 /);
  });

  test('ends for the server when the client ends it', async (t) => {
    const [client, peer] = await ask(t, 'GET /chat', WEBSOCKET);
    await peer.send(SWITCHING);
    await client.readHead();
    await client.send('bye');
    client.socket.end();
    assert.equal(await peer.read(3), 'bye');
    await peer.waitForEnd();
  });

  test('is refused by an ordinary answer', async (t) => {
    const [client, peer] = await ask(t, 'GET /chat', WEBSOCKET);
    await peer.answer('no');
    assert.equal((await client.readResponse()).text, 'no');
  });

  test('is not asked for unless it is allowed', async (t) => {
    const h2c = [
      'Connection: Upgrade, HTTP2-Settings',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA',
    ];
    const [client, peer, head] = await ask(t, 'GET /', h2c);
    assert.doesNotMatch(head, /upgrade|http2/i);
    await peer.send('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n');
    assert.equal((await client.readResponse()).status, 502);
  });
});

test('a HEAD request has no body in its answer', async (t) => {
  const [client, peer] = await ask(t, 'HEAD /kept/');
  await peer.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n');
  const head = await client.readResponse({ hasBody: false });
  assert.equal(head.get('content-length'), '5');
  // Some servers send one nevertheless: it must not be the answer to the next request.
  await peer.waitForEnd();
  const accepting = upstream.accept();
  await client.request('GET /kept/2');
  const fresh = await accepting;
  t.after(() => fresh.close());
  await fresh.readHead();
  await fresh.answer('2');
  assert.equal((await client.readResponse()).text, '2');
});

test('a slow client holds no server', async (t) => {
  const [client, peer] = await ask(t, 'GET /narrow/large');
  client.socket.pause();
  const size = 8_000_000;
  await peer.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n${'x'.repeat(size)}`);
  // The only connection is free for the next request while the first client has taken nothing.
  const second = getOnce(server.port, '/narrow/second');
  assert.match(await peer.readHead(), /^GET \/narrow\/second /);
  await peer.answer('second');
  assert.equal((await second).text, 'second');
  client.socket.resume();
  assert.equal((await client.readResponse()).body.length, size);
});
