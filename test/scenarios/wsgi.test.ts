/** PEP 3333 through the whole server: what applications are told, what they may answer, and what their faults do. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

let server: Server;
let client: RawClient;

before(async () => {
  server = await startServer([`${APPS}pep3333.py`, '--processes', '1', '--threads', '4']);
  client = await RawClient.open(server.port);
});
after(async () => {
  client.close();
  await server.stop();
});

/** A client of a test's own, closed at its end. */
async function open(t: { after(then: () => void): void }): Promise<RawClient> {
  const own = await RawClient.open(server.port);
  t.after(() => own.close());
  return own;
}

/** The connection is still in step: the next request gets its own answer. */
async function assertInStep(on: RawClient): Promise<void> {
  assert.equal((await on.get('/hello')).text, 'hello\n');
}

describe('the environ', () => {
  test('has every key of the PEP, with its type', async () => {
    const environ = JSON.parse((await client.get('/echo?a=b%20c')).text);
    assert.equal(environ.REQUEST_METHOD, 'GET');
    assert.equal(environ.SCRIPT_NAME, '');
    assert.equal(environ.PATH_INFO, '/echo');
    assert.equal(environ.QUERY_STRING, 'a=b%20c');
    assert.equal(environ.REQUEST_URI, '/echo?a=b%20c');
    assert.equal(environ.SERVER_PROTOCOL, 'HTTP/1.1');
    assert.equal(environ.SERVER_PORT, String(server.port));
    assert.notEqual(environ.SERVER_NAME, '');
    assert.equal(environ.REMOTE_ADDR, '127.0.0.1');
    assert.equal(environ.REMOTE_PORT, String(client.socket.localPort));
    assert.equal(environ.HTTP_HOST, 'localhost');
    assert.deepEqual(environ['wsgi.version'], [1, 0]);
    assert.equal(environ['wsgi.url_scheme'], 'http');
    assert.equal(environ['wsgi.multithread'], true);
    assert.equal(environ['wsgi.multiprocess'], false);
    assert.equal(environ['wsgi.run_once'], false);
    assert.equal(environ['wsgi.input_terminated'], true);
    assert.equal(environ.types['wsgi.version'], 'tuple');
    for (const key of ['wsgi.input', 'wsgi.errors', 'wsgi.file_wrapper'])
      assert.ok(key in environ.types, key);
    for (const [key, type] of Object.entries(environ.types)) {
      if (/^[A-Z]/.test(key)) assert.equal(type, 'str', key);
    }
  });

  test('gives the path percent-decoded, as latin-1', async () => {
    const environ = JSON.parse((await client.get('/caf%C3%A9%2Fx%20y')).text);
    assert.equal(environ.PATH_INFO, '/cafÃ©/x y');
    assert.equal(environ.REQUEST_URI, '/caf%C3%A9%2Fx%20y');
  });

  test('joins fields that came twice, and cookies with a semicolon', async () => {
    const environ = JSON.parse(
      (await client.get('/echo', ['X-A: 1', 'Cookie: a=1', 'X-A: 2', 'Cookie: b=2'])).text,
    );
    assert.equal(environ.HTTP_X_A, '1, 2');
    assert.equal(environ.HTTP_COOKIE, 'a=1; b=2');
  });

  test('gives bytes of a field as latin-1', async () => {
    assert.equal(JSON.parse((await client.get('/echo', ['X-Name: caf\xe9'])).text).HTTP_X_NAME, 'caf\xe9');
  });

  test('has content type and length without HTTP_', async () => {
    const response = await client.post('/echo', 'abc', ['Content-Type: text/x-test']);
    const environ = JSON.parse(response.text);
    assert.equal(environ.CONTENT_TYPE, 'text/x-test');
    assert.equal(environ.CONTENT_LENGTH, '3');
    assert.equal(environ.HTTP_CONTENT_TYPE, undefined);
    assert.equal(environ.HTTP_CONTENT_LENGTH, undefined);
    assert.equal(environ.read, 'abc');
  });

  test('leaves out names with an underscore, and Proxy', async () => {
    const environ = JSON.parse((await client.get('/echo', ['X_Forged: 1', 'Proxy: http://bad/'])).text);
    assert.equal(environ.HTTP_X_FORGED, undefined);
    assert.equal(environ.HTTP_PROXY, undefined);
  });

  test('splits the path at a mount point', async (t) => {
    const mounted = await startServer([`${APPS}pep3333.py`, '--mount-point', '/shop', '--processes', '1']);
    t.after(() => mounted.stop());
    const environ = JSON.parse((await getOnce(mounted.port, '/shop/a%20b')).text);
    assert.equal(environ.SCRIPT_NAME, '/shop');
    assert.equal(environ.PATH_INFO, '/a b');
    assert.equal((await getOnce(mounted.port, '/shopping')).status, 404);
    assert.equal((await getOnce(mounted.port, '/')).status, 404);
  });
});

describe('wsgi.input', () => {
  const lines = Buffer.from('one\ntwo\r\n\nno line end at the end');
  const bodies = new Map([
    ['empty', Buffer.alloc(0)],
    ['lines', lines],
    ['binary of 300 KB', randomBytes(300_000)],
  ]);
  const ways = 'read read-sized read-length readline readline-sized readlines readlines-hint iteration'.split(
    ' ',
  );

  for (const [name, body] of bodies) {
    for (const how of ways) {
      test(`${how} reads a body: ${name}`, async () => {
        const got = JSON.parse((await client.post(`/upload?how=${how}`, body)).text);
        assert.equal(got.length, body.length);
        assert.equal(got.sha256, createHash('sha256').update(body).digest('hex'));
        assert.equal(got.after, 0, 'nothing after the end');
      });
    }
  }

  test('ends lines where they end', async () => {
    const { pieces, longest } = JSON.parse((await client.post('/upload?how=iteration', lines)).text);
    assert.deepEqual({ pieces, longest }, { pieces: 4, longest: 22 });
  });

  test('keeps to the size that readline was given', async () => {
    assert.equal(JSON.parse((await client.post('/upload?how=readline-sized', lines)).text).longest, 7);
  });

  test('reads a chunked body to its end', async () => {
    const chunks = '4\r\nwiki\r\n6;name=value\r\npedia\n\r\n0\r\nX-Trailer: 1\r\n\r\n';
    await client.request('POST /upload', ['Transfer-Encoding: chunked'], chunks);
    const got = JSON.parse((await client.readResponse()).text);
    assert.equal(got.sha256, createHash('sha256').update('wikipedia\n').digest('hex'));
    assert.equal(got.terminated, true);
    await assertInStep(client);
  });

  test('may be left unread', async () => {
    assert.equal((await client.post('/upload?how=none', randomBytes(300_000))).status, 200);
    await assertInStep(client);
  });
});

describe('a response', () => {
  test('sends every block when it is yielded', async (t) => {
    const own = await open(t);
    await own.request('GET /stream?name=blocks');
    const head = await own.readHead();
    assert.equal(head.get('transfer-encoding'), 'chunked');
    assert.equal((await own.readChunk())?.toString(), 'first\n');
    // The second block does not exist before this.
    await client.get('/gate?name=blocks');
    assert.equal((await own.readChunk())?.toString(), 'second\n');
    assert.equal(await own.readChunk(), null);
  });

  test('may be written with write(), then returned', async () => {
    assert.equal((await client.get('/write')).text, 'written first, then returned\n');
  });

  test('may have empty blocks or none', async () => {
    assert.equal((await client.get('/empty-blocks')).text, 'ab');
    const none = await client.get('/no-body');
    assert.deepEqual([none.status, none.text], [200, '']);
    await assertInStep(client);
  });

  test('keeps each Set-Cookie apart', async () => {
    const { fields } = await client.get('/cookies');
    const cookies = fields.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value);
    assert.deepEqual(cookies, ['a=1; Path=/', 'b=2']);
  });

  test('comes from a file through wsgi.file_wrapper, from where the file stands', async () => {
    const whole = (await client.get('/file_wrapper')).text;
    assert.match(whole, /^"""One WSGI application/);
    assert.equal((await client.get('/file_wrapper?skip=7')).text, whole.slice(7));
    assert.equal((await client.get('/file_wrapper?length=20')).text, whole.slice(0, 20));
    await assertInStep(client);
  });

  for (const code of [204, 304]) {
    test(`has no body and no framing when it is a ${code}`, async () => {
      const response = await client.get(`/status?code=${code}&body=not+allowed`);
      assert.equal(response.status, code);
      assert.equal(response.get('transfer-encoding'), undefined);
      if (code === 204) assert.equal(response.get('content-length'), undefined);
      assert.equal(response.get('x-chosen'), 'yes');
      await assertInStep(client);
    });
  }

  test('has the head of a GET and no body when it answers HEAD', async () => {
    await client.request('HEAD /hello');
    const response = await client.readResponse({ hasBody: false });
    assert.equal(response.get('content-length'), '6');
    await assertInStep(client);
  });
});

describe('close()', () => {
  for (const kind of ['close', 'close-empty', 'close-raising']) {
    test(`is called exactly once by /${kind}`, async (t) => {
      const own = await open(t);
      await own.get(`/${kind}?name=${kind}`);
      assert.equal((await client.get(`/closed?wait=1&name=${kind}`)).text, '1');
    });
  }

  test('is called when the client goes away', async (t) => {
    const own = await open(t);
    await own.request('GET /close-endless?name=gone');
    await own.readHead();
    await own.readChunk();
    own.close();
    assert.equal((await client.get('/closed?wait=1&name=gone')).text, '1');
  });
});

describe('a fault', () => {
  const before500 = [
    'exc-before',
    'no-start',
    'returns-none',
    'yields-text',
    'twice',
    'bad-header',
    'bad-status',
  ];
  for (const fault of before500) {
    test(`before the head is a 500: /${fault}`, async () => {
      const response = await client.get(`/${fault}`);
      assert.equal(response.status, 500);
      assert.equal(response.get('x-injected'), undefined);
      assert.doesNotMatch(response.text, /Traceback|RuntimeError/, 'nothing of the inside is shown');
      await assertInStep(client);
    });
  }

  for (const fault of ['exc-after', 'exc-after-chunked', 'exc-info-after']) {
    test(`after the head cuts the connection: /${fault}`, async (t) => {
      const own = await open(t);
      const response = await own.get(`/${fault}`);
      assert.equal(response.status, 200);
      assert.equal(response.text, 'some of it');
      assert.equal(response.complete, false, 'the client can tell');
      await own.waitForEnd();
    });
  }

  test('leaves its traceback in the error log', async () => {
    const from = server.output.length;
    await client.get('/exc-before');
    await server.waitForOutput(/Traceback.*RuntimeError: raised before the head/s, from);
  });

  test('is replaced by exc_info while nothing has been sent', async () => {
    const response = await client.get('/exc-info-before');
    assert.deepEqual([response.status, response.text], [503, 'changed']);
    assert.equal(response.get('x-first'), undefined);
  });

  test('of a body that is too short cuts the connection', async (t) => {
    const own = await open(t);
    const response = await own.get('/wrong-length-short');
    assert.ok(response.status === 500 || !response.complete, 'the client can tell');
  });

  test('of a body that is too long sends what was announced', async (t) => {
    const own = await open(t);
    const response = await own.get('/wrong-length-long');
    assert.equal(response.text, 'much ');
    if (response.get('connection') === 'close') await own.waitForEnd();
    else await assertInStep(own);
  });

  test('of hop-by-hop fields does not change the framing', async (t) => {
    const own = await open(t);
    const response = await own.get('/hop-by-hop');
    assert.equal(response.complete, true);
    if (response.status === 200) assert.equal(response.text, '5\r\nhello\r\n0\r\n\r\n');
    else assert.equal(response.status, 500);
  });
});

test('wsgi.errors goes to the error log, with the id of the request', async () => {
  const from = server.output.length;
  await client.get('/errors');
  const [, first] = await server.waitForOutput(/(.*)one line for the error log/, from);
  const [, second] = await server.waitForOutput(/(.*)a second in pieces/, from);
  const id = /[0-9a-zA-Z-]{8,}/g;
  assert.deepEqual(first!.match(id)?.at(-1), second!.match(id)?.at(-1));
});

test('wsgiref.validate finds nothing', async (t) => {
  const validated = await startServer([`${APPS}validated.py`, '--processes', '1']);
  t.after(() => validated.stop());
  const own = await RawClient.open(validated.port);
  t.after(() => own.close());
  assert.equal((await own.get('/path?query=1')).text, 'valid ');
  assert.equal((await own.post('/', 'body')).text, 'valid body');
  await own.request('HEAD /');
  assert.equal((await own.readResponse({ hasBody: false })).status, 200);
  assert.doesNotMatch(validated.output, /Traceback|AssertionError|WSGIWarning/);
});
