/** Compressed answers of the real server, as clients get them: whole, large, in the making, of files, to slow clients. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, test } from 'node:test';
import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { makeFolder } from '../support/folder.ts';
import { RawClient } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

/** `/events` goes on to the next event when `/next` is asked for. */
const APPLICATION = `
import queue

TEXT = ''.join('line %d of a text\\n' % n for n in range(200_000)).encode()
going = queue.Queue()

def events():
    for n in range(1, 4):
        yield b'data: %d\\n\\n' % n
        going.get(timeout=20)

def application(environ, start_response):
    path = environ['PATH_INFO']
    if path == '/next':
        going.put(None)
        start_response('200 OK', [('Content-Type', 'text/plain')])
        return [b'ok']
    if path == '/events':
        start_response('200 OK', [('Content-Type', 'text/event-stream')])
        return events()
    size = int(environ['QUERY_STRING'] or 2000)
    fields = [('Content-Type', 'text/plain'), ('ETag', '"%d"' % size), ('Vary', 'Cookie')]
    if environ.get('HTTP_IF_NONE_MATCH', '').replace('W/', '') == '"%d"' % size:
        start_response('304 Not Modified', [('ETag', '"%d"' % size)])
        return []
    start_response('200 OK', fields + [('Content-Length', str(size))])
    return [] if environ['REQUEST_METHOD'] == 'HEAD' else [TEXT[:size]]
`;
const text = (size: number): string =>
  Array.from({ length: 200_000 }, (_, n) => `line ${n} of a text\n`)
    .join('')
    .slice(0, size);

let server: Server;
const undo: (() => void)[] = [];
before(async () => {
  const files = { 'wsgi.py': APPLICATION, 'static/a.css': text(3000), 'static/large.txt': text(2_000_000) };
  const folder = makeFolder({ after: (then) => undo.push(then) }, files);
  const args = ['--processes', '1', '--url-alias', '/static', `${folder}/static`, '--compress-responses'];
  server = await startServer([`${folder}/wsgi.py`, ...args]);
});
after(async () => {
  await server.stop();
  for (const step of undo) step();
});

async function open(t: { after(then: () => void): void }): Promise<RawClient> {
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  return client;
}

const decoders = { gzip: gunzipSync, br: brotliDecompressSync, zstd: zstdDecompressSync } as const;

for (const [coding, decode] of Object.entries(decoders)) {
  test(`${coding}: answers of every size, one after the other on a connection`, async (t) => {
    const client = await open(t);
    for (const size of [512, 2000, 40_000, 70_000, 3_000_000]) {
      const answer = await client.get(`/?${size}`, [`Accept-Encoding: ${coding}`]);
      assert.equal(answer.get('content-encoding'), coding, String(size));
      assert.equal(answer.get('vary'), 'Cookie, Accept-Encoding');
      assert.equal(answer.get('etag'), `W/"${size}"`);
      assert.ok(answer.body.length < size / 2);
      assert.ok(decode(answer.body).toString() === text(size), String(size));
    }
    for (const path of ['a.css', 'large.txt', 'a.css']) {
      const file = await client.get(`/static/${path}`, [`Accept-Encoding: ${coding}`]);
      assert.equal(file.get('content-encoding'), coding);
      assert.equal(file.get('accept-ranges'), undefined);
      assert.ok(decode(file.body).toString() === text(path === 'a.css' ? 3000 : 2_000_000));
    }
  });
}

test('who does not ask for it gets what there was, and caches are told', async (t) => {
  const client = await open(t);
  const answer = await client.get('/?2000');
  assert.equal(answer.get('content-encoding'), undefined);
  assert.equal(answer.get('vary'), 'Cookie, Accept-Encoding');
  assert.equal(answer.get('etag'), '"2000"');
  assert.equal(answer.text, text(2000));
  const range = await client.get('/static/a.css', ['Range: bytes=0-9', 'Accept-Encoding: gzip']);
  assert.equal(range.status, 206);
  assert.equal(range.text, text(10));
});

test('the weakened tag is known again, to the application and to files', async (t) => {
  const client = await open(t);
  for (const path of ['/?2000', '/static/a.css']) {
    const { get } = await client.get(path, ['Accept-Encoding: gzip']);
    const etag = get('etag')!;
    assert.match(etag, /^W\//);
    const again = await client.get(path, ['Accept-Encoding: gzip', `If-None-Match: ${etag}`]);
    assert.equal(again.status, 304, path);
    assert.equal(again.get('etag'), etag);
  }
});

test('HEAD says what GET would', async (t) => {
  const client = await open(t);
  for (const path of ['/?2000', '/?100000', '/static/a.css', '/static/large.txt']) {
    await client.request(`HEAD ${path}`, ['Accept-Encoding: gzip']);
    const head = await client.readResponse({ hasBody: false });
    const get = await client.get(path, ['Accept-Encoding: gzip']);
    for (const name of ['content-encoding', 'vary', 'etag', 'content-type'])
      assert.equal(head.get(name), get.get(name), `${name} of ${path}`);
    assert.equal(head.get('content-length'), undefined);
  }
});

test('an event arrives before the next one is made', async (t) => {
  const client = await open(t);
  const other = await open(t);
  await client.request('GET /events', ['Accept-Encoding: gzip']);
  const head = await client.readHead();
  assert.equal(head.get('content-encoding'), 'gzip');
  let bytes: Buffer = Buffer.alloc(0);
  const read = () => gunzipSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH }).toString();
  for (let n = 1; n <= 3; n++) {
    do bytes = Buffer.concat([bytes, (await client.readChunk())!]);
    while (!read().includes(`data: ${n}\n\n`));
    await other.get('/next');
  }
  for (let chunk = await client.readChunk(); chunk !== null; chunk = await client.readChunk())
    bytes = Buffer.concat([bytes, chunk]);
  assert.equal(gunzipSync(bytes).toString(), 'data: 1\n\ndata: 2\n\ndata: 3\n\n');
});

test('HTTP/1.0 gets it too, to the end of the connection', async (t) => {
  const client = await open(t);
  await client.send('GET /?70000 HTTP/1.0\r\nAccept-Encoding: gzip\r\n\r\n');
  const answer = await client.readResponse();
  assert.equal(gunzipSync(answer.body).toString(), text(70_000));
});

test('clients that leave in the middle cost nobody anything', async (t) => {
  for (let i = 0; i < 20; i++) {
    const client = await RawClient.open(server.port);
    await client.request('GET /static/large.txt', ['Accept-Encoding: br']);
    await client.readHead();
    client.close();
  }
  const answer = await (await open(t)).get('/?70000', ['Accept-Encoding: br']);
  assert.equal(brotliDecompressSync(answer.body).toString(), text(70_000));
});

test('curl is content', () => {
  const args = ['-sS', '--compressed', '-i', `http://127.0.0.1:${server.port}/?70000`];
  const output = execFileSync('curl', args, { encoding: 'latin1' });
  assert.match(output, /^content-encoding: /im);
  assert.ok(output.endsWith(text(70_000)));
});
