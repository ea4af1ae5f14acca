import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { FakeExchange, type FakeRequest } from '../../../test/support/fake-exchange.ts';
import { DEFAULT_FILE_OPTIONS, type FilesSettings } from '../../config/sections/files.ts';
import { createLog } from '../../telemetry/log.ts';
import { FileStore } from './file-store.ts';
import { staticFiles } from './static-files.ts';

const directory = mkdtempSync(join(tmpdir(), 'vivarium-static-'));
after(() => rmSync(directory, { recursive: true }));
const root = join(directory, 'root');
const SMALL = 'body { color: red }\n';
const MIDDLE = 'x'.repeat(40_000);
const LARGE = Buffer.alloc(1_500_000, 'abcdefghij').toString('latin1');
const MODIFIED = new Date('2026-11-20T02:47:42Z');
const ETAG = `"${(MODIFIED.getTime() * 1000).toString(16)}-${SMALL.length.toString(16)}"`;

function put(name: string | Buffer, text: string): void {
  const path = Buffer.concat([Buffer.from(`${root}/`), Buffer.from(name)]);
  writeFileSync(path, text, 'latin1');
  utimesSync(path, MODIFIED, MODIFIED);
}

for (const name of ['sub/.git', 'empty', 'odd/index.html', '.well-known'])
  mkdirSync(join(root, name), { recursive: true });
put('a.css', SMALL);
put('none.txt', '');
put('middle.txt', MIDDLE);
put('large.bin', LARGE);
put('sub/index.html', '<h1>sub</h1>');
put('sub/.git/config', 'secret');
put('.env', 'secret');
put('.well-known/security.txt', 'contact');
put('café.txt', 'utf-8');
put(Buffer.from('caf\xe9.txt', 'latin1'), 'latin-1');
put('%2e', 'a percent sign in a name');
writeFileSync(join(directory, 'outside.txt'), 'outside');
symlinkSync(join(directory, 'outside.txt'), join(root, 'link.txt'));

const messages: string[] = [];
const log = createLog('test', 'info', (line) => messages.push(line));
const handlerOf = (stripPrefix: string, settings: Partial<FilesSettings> = {}) =>
  staticFiles({ ...DEFAULT_FILE_OPTIONS, root, stripPrefix, ...settings }, { log, files: new FileStore() });
const handler = handlerOf('/static');

async function request(target: string, settings: FakeRequest = {}): Promise<FakeExchange> {
  const exchange = new FakeExchange({ target, ...settings });
  handler(exchange);
  await exchange.finished;
  return exchange;
}

test('a file, from disk and from memory', async () => {
  await request('/static/a.css');
  for (const method of ['GET', 'HEAD']) {
    const exchange = new FakeExchange({ target: '/static/a.css', method });
    handler(exchange);
    assert.ok(exchange.ended, 'a second request is answered at once');
    assert.equal(exchange.status, 200);
    assert.equal(exchange.text, method === 'GET' ? SMALL : '');
    assert.deepEqual(exchange.responseFields, [
      ...['Content-Type', 'text/css; charset=utf-8', 'Last-Modified', 'Fri, 20 Nov 2026 02:47:42 GMT'],
      ...['ETag', ETAG, 'Accept-Ranges', 'bytes'],
    ]);
  }
});

test('files of every size arrive whole', async () => {
  for (const [name, body] of [
    ['none.txt', ''],
    ['middle.txt', MIDDLE],
    ['large.bin', LARGE],
  ] as const) {
    for (const _ of ['disk', 'memory']) {
      const exchange = await request(`/static/${name}`);
      assert.equal(exchange.status, 200, name);
      assert.ok(exchange.text === body, name);
    }
  }
  const head = await request('/static/large.bin', { method: 'HEAD' });
  assert.equal(head.field('content-length'), String(LARGE.length));
  assert.equal(head.text, '');
});

test('status by path', async () => {
  const cases: Record<string, number> = {
    '/static': 301,
    '/static/': 404,
    '/static/sub': 301,
    '/static/sub/': 200,
    '/static/empty/': 404,
    '/static/odd/': 404,
    '/static/missing.css': 404,
    '/static/a.css/': 404,
    '/static/a.css/x': 404,
    '/static//a.css': 200,
    '/static/./sub/../a.css': 200,
    '/static/%61.css': 200,
    '/static/%2561.css': 404,
    '/static/%252e': 200,
    '/static/a.css%00': 404,
    '/static/a.css%00.html': 404,
    '/static/.env': 404,
    '/static/%2eenv': 404,
    '/static/sub/.git/config': 404,
    '/static/sub%2f.git%2fconfig': 404,
    '/static/.well-known/security.txt': 200,
    '/static/link.txt': 200,
    '/static/../outside.txt': 404,
    '/static/%2e%2e/outside.txt': 404,
    '/static/..%2foutside.txt': 404,
    '/static/..%5coutside.txt': 404,
    '/static/%252e%252e/outside.txt': 404,
    '/static/sub/../../outside.txt': 404,
    [`/static/${'x'.repeat(300)}`]: 404,
    [`/static${'/x'.repeat(3000)}`]: 404,
  };
  for (const [target, status] of Object.entries(cases))
    assert.equal((await request(target)).status, status, target);
});

test('names are bytes', async () => {
  assert.equal((await request('/static/caf%C3%A9.txt')).text, 'utf-8');
  assert.equal((await request('/static/caf\xc3\xa9.txt')).text, 'utf-8');
  assert.equal((await request('/static/caf%E9.txt')).text, 'latin-1');
});

test('a directory is redirected to its slash, with the query, and to no other host', async () => {
  const location = async (target: string) => (await request(target)).field('location');
  assert.equal(await location('/static/sub'), '/static/sub/');
  assert.equal(await location('/static/sub?a=b%20c&d'), '/static/sub/?a=b%20c&d');
  assert.equal(await location('//static//sub'), '/static/sub/');
  mkdirSync(join(root, 'evil.com'));
  mkdirSync(join(root, '\\evil'));
  mkdirSync(join(root, 'r\r\nSet-Cookie: x'));
  const everything = handlerOf('/');
  for (const [target, expected] of [
    ['//evil.com', '/evil.com/'],
    ['/%2Fevil.com', '/evil.com/'],
    ['/\\evil', '/%5Cevil/'],
    ['/r%0D%0ASet-Cookie:%20x', '/r%0D%0ASet-Cookie:%20x/'],
  ] as const) {
    const exchange = new FakeExchange({ target });
    everything(exchange);
    await exchange.finished;
    assert.equal(exchange.status, 301, target);
    assert.equal(exchange.field('location'), expected);
  }
});

test('an alias may be a single file', async () => {
  const icon = handlerOf('/favicon.css', { root: join(root, 'a.css') });
  for (const [target, status] of [
    ['/favicon.css', 200],
    ['/favicon.css/', 404],
    ['/favicon.css/x', 404],
  ] as const) {
    const exchange = new FakeExchange({ target });
    icon(exchange);
    await exchange.finished;
    assert.equal(exchange.status, status, target);
  }
});

test('other methods are refused', async () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PROPFIND']) {
    const exchange = await request('/static/a.css', { method });
    assert.equal(exchange.status, 405);
    assert.equal(exchange.field('allow'), 'GET, HEAD');
  }
});

test('a file that must not be read is 403 and named in the log', {
  skip: process.getuid?.() === 0 && 'root may read everything',
}, async () => {
  put('closed.txt', 'x');
  chmodSync(join(root, 'closed.txt'), 0);
  assert.equal((await request('/static/closed.txt')).status, 403);
  assert.match(messages.at(-1)!, /static-file-failed: .*closed\.txt/);
});

test('conditional requests are answered alike from memory and from disk', async () => {
  const { responseFields } = await request('/static/large.bin');
  const etag = responseFields[responseFields.indexOf('ETag') + 1]!;
  for (const [target, tag] of [
    ['/static/a.css', ETAG],
    ['/static/large.bin', etag],
  ] as const) {
    const notModified = await request(target, { fields: { 'If-None-Match': tag } });
    assert.equal(notModified.status, 304);
    assert.equal(notModified.text, '');
    assert.equal(notModified.field('etag'), tag);
    assert.equal(notModified.field('content-length'), null);
    assert.equal((await request(target, { fields: { 'If-Match': '"x"' } })).status, 412);
    assert.equal((await request(target, { method: 'HEAD', fields: { 'If-Match': '"x"' } })).status, 412);
  }
});

test('ranges are answered alike from memory and from disk', async () => {
  for (const [name, body] of [
    ['a.css', SMALL],
    ['middle.txt', MIDDLE],
    ['large.bin', LARGE],
  ] as const) {
    const range = (value: string, more = {}) =>
      request(`/static/${name}`, { fields: { Range: value, ...more } });
    const single = await range('bytes=3-8');
    assert.equal(single.status, 206);
    assert.equal(single.text, body.slice(3, 9));
    assert.equal(single.field('content-range'), `bytes 3-8/${body.length}`);
    assert.ok((await range('bytes=-5')).text === body.slice(-5));

    const several = await range('bytes=0-1,-2');
    const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(several.field('content-type')!)![1];
    const type = (await request(`/static/${name}`)).field('content-type');
    const part = (from: number, to: number) =>
      `--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: bytes ${from}-${to - 1}/${body.length}\r\n\r\n${body.slice(from, to)}\r\n`;
    assert.equal(several.text, `${part(0, 2)}${part(body.length - 2, body.length)}--${boundary}--\r\n`);

    const impossible = await range(`bytes=${body.length}-`);
    assert.equal(impossible.status, 416);
    assert.equal(impossible.field('content-range'), `bytes */${body.length}`);

    assert.equal((await range('bytes=0-1', { 'If-Range': '"x"' })).status, 200);
    assert.equal((await range('bytes=0-1', { 'If-Range': MODIFIED.toUTCString() })).status, 206);
    assert.equal(
      (await request(`/static/${name}`, { method: 'HEAD', fields: { Range: 'bytes=0-1' } })).status,
      200,
    );
  }
});

test('a client that leaves while the file is looked for is not answered', async () => {
  for (const name of ['a.css', 'large.bin']) {
    const cold = handlerOf('/static');
    const gone = new FakeExchange({ target: `/static/${name}` });
    const patient = new FakeExchange({ target: `/static/${name}` });
    cold(gone);
    cold(patient);
    gone.leave();
    await patient.finished;
    assert.equal(patient.status, 200);
    assert.equal(gone.status, 0);
  }
});
