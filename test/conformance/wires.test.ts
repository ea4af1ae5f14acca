/** The same request, and the same answer, whatever the wire: one list of cases for all of them. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { writeCertificate } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';
import { APPS, VivariumProcess } from '../support/vivarium.ts';
import {
  type Addresses,
  HOST,
  readWhole,
  send,
  type WholeResponse,
  WIRES,
  type Wire,
  type WireRequest,
} from '../support/wires.ts';

const MEBIBYTE = 1 << 20;
const PAGE = 'a page of some length\n';

let server: VivariumProcess;
let addresses: Addresses;
let removeFolder: () => void;
before(async () => {
  const owner = {
    after: (then: () => void) => {
      removeFolder = then;
    },
  };
  const folder = makeFolder(owner, { 'static/page.txt': PAGE, 'static/.hidden': 'x' });
  const socketPath = `${folder}/socket`;
  writeCertificate(folder, 'site', ['127.0.0.1']);
  server = new VivariumProcess([
    ...['serve', `${APPS}pep3333.py`, '--url-alias', '/static', `${folder}/static`],
    ...['--listen', '127.0.0.1:0', '--listen', `unix:${socketPath}`],
    ...['--listen', 'https://127.0.0.1:0', '--ssl-certificate', `${folder}/site`],
    ...[
      '--processes',
      '1',
      '--threads',
      '4',
      '--limit-request-body',
      '4m',
      '--request-id-header',
      'X-Request-ID',
    ],
  ]);
  await server.waitForOutput(/^Access Log/m);
  const portOf = (scheme: string) =>
    Number(new RegExp(` ${scheme}://127\\.0\\.0\\.1:(\\d+)/`).exec(server.output)![1]);
  addresses = { port: portOf('http'), httpsPort: portOf('https'), socketPath };
});
after(async () => {
  await server.stop();
  removeFolder();
});

interface Expected {
  readonly status?: number;
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  /** Fields that must not be there. */
  readonly no?: readonly string[];
  readonly text?: string | RegExp;
  readonly isComplete?: boolean;
}

const CASES: Record<string, [WireRequest, Expected]> = {
  'a short answer': [{ path: '/hello' }, { fields: { 'content-length': '6' }, text: 'hello\n' }],
  'an answer in blocks': [{ path: '/empty-blocks' }, { text: 'ab' }],
  'write() and blocks': [{ path: '/write' }, { text: 'written first, then returned\n' }],
  'an answer without a body': [{ path: '/no-body' }, { text: '' }],
  'two cookies': [{ path: '/cookies' }, { fields: { 'set-cookie': ['a=1; Path=/', 'b=2'] } }],
  'HEAD of a known length': [
    { method: 'HEAD', path: '/big?size=2000000' },
    { fields: { 'content-length': '2000000' }, text: '' },
  ],
  'HEAD of an unknown length': [{ method: 'HEAD', path: '/write' }, { text: '' }],
  204: [{ path: '/status?code=204&body=x' }, { status: 204, no: ['content-length'], text: '' }],
  304: [{ path: '/status?code=304&body=x' }, { status: 304, text: '' }],
  'a status with a body': [
    { path: '/status?code=418&body=x' },
    { status: 418, text: 'x', fields: { 'x-chosen': 'yes' } },
  ],
  'what an application says of the connection': [
    { path: '/hop-by-hop' },
    { text: '5\r\nhello\r\n0\r\n\r\n' },
  ],
  'a file by wsgi.file_wrapper': [{ path: '/file_wrapper?skip=3' }, { text: /^One WSGI application/ }],
  'an exception before the head': [
    { path: '/exc-before' },
    { status: 500, text: /500 Internal Server Error/ },
  ],
  'an exception after the head': [{ path: '/exc-after' }, { isComplete: false }],
  'an exception in blocks': [{ path: '/exc-after-chunked' }, { isComplete: false }],
  'fewer bytes than Content-Length': [{ path: '/wrong-length-short' }, { isComplete: false }],
  'more bytes than Content-Length': [{ path: '/wrong-length-long' }, { text: 'much ', isComplete: true }],
  'a field with a line break': [{ path: '/bad-header' }, { status: 500, no: ['x-injected'] }],

  'a static file': [
    { path: '/static/page.txt' },
    { text: PAGE, fields: { 'content-type': 'text/plain; charset=utf-8' } },
  ],
  'HEAD of a static file': [
    { method: 'HEAD', path: '/static/page.txt' },
    { text: '', fields: { 'content-length': String(PAGE.length) } },
  ],
  'a file that is not modified': [
    { path: '/static/page.txt', fields: { 'if-none-match': '*' } },
    { status: 304, text: '', no: ['content-length'] },
  ],
  'a condition that fails': [{ path: '/static/page.txt', fields: { 'if-match': '"x"' } }, { status: 412 }],
  'a range': [
    { path: '/static/page.txt', fields: { range: 'bytes=2-5' } },
    { status: 206, text: 'page', fields: { 'content-range': `bytes 2-5/${PAGE.length}` } },
  ],
  'two ranges': [
    { path: '/static/page.txt', fields: { range: 'bytes=0-0,2-5' } },
    { status: 206, text: /page/ },
  ],
  'a range that is not there': [
    { path: '/static/page.txt', fields: { range: 'bytes=99-' } },
    { status: 416 },
  ],
  'a hidden file': [{ path: '/static/.hidden' }, { status: 404 }],
  'a path that climbs': [{ path: '/static/%2e%2e/static/.hidden' }, { status: 404 }],
  'a method that files do not know': [
    { method: 'DELETE', path: '/static/page.txt' },
    { status: 405, fields: { allow: 'GET, HEAD' } },
  ],

  'a body that is too large': [
    { method: 'POST', path: '/upload', body: Buffer.alloc(5 * MEBIBYTE) },
    { status: 413 },
  ],
  'a streamed body that is too large': [
    { method: 'POST', path: '/upload', body: Buffer.alloc(5 * MEBIBYTE), isStreamed: true },
    { status: 413 },
  ],
  'a target that is too long': [{ path: `/${'a'.repeat(9000)}` }, { status: 414 }],
  'a field that is too long': [{ path: '/hello', fields: { 'x-long': 'a'.repeat(9000) } }, { status: 431 }],
  'a cookie that is too long': [{ path: '/hello', fields: { cookie: 'a'.repeat(9000) } }, { status: 431 }],
  'fields that are too many': [
    { path: '/hello', fields: Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`x-${n}`, 'a'])) },
    { status: 431 },
  ],
  'an escape that is none': [{ path: '/%zz' }, { status: 400 }],
  'a NUL in the path': [{ path: '/%00' }, { status: 400 }],
  'an expectation that nobody knows': [{ path: '/hello', fields: { expect: 'miracles' } }, { status: 417 }],
};

const ENVIRON: Record<string, WireRequest> = {
  'a plain request': { path: '/echo' },
  'a path with escapes, and a query': { path: '/echo?a=%20b&c=%C3%A9+d&&=' },
  'fields of all kinds': {
    path: '/echo',
    fields: {
      'x-one': ' a  b ',
      'x-empty': '',
      'x-latin': 'caf\xe9',
      'x-list': ['1', '2'],
      accept: 'text/html, */*;q=0.1',
      cookie: 'a=1; b=2; c="3"',
      'content-type': 'text/plain; charset=utf-8',
      'x-forwarded-for': '192.0.2.1',
      authorization: 'Basic eDp5',
    },
  },
  'fields that are not passed on': {
    path: '/echo',
    fields: { x_under: '1', proxy: 'http://evil/', 'x-kept': '1' },
  },
  'a body': { method: 'POST', path: '/echo', body: 'the body', fields: { 'content-type': 'text/x' } },
  'a body of unknown length': { method: 'PUT', path: '/echo', body: 'the body', isStreamed: true },
  'an empty body': { method: 'POST', path: '/echo', body: '' },
  'a method that nobody has heard of': { method: 'PROPFIND', path: '/echo', body: 'x' },
  DELETE: { method: 'DELETE', path: '/echo' },
};

/** What tells one request from the next, and one wire from the other. */
const OWN = [
  'SERVER_PROTOCOL',
  'REMOTE_ADDR',
  'REMOTE_PORT',
  'SERVER_PORT',
  'HTTP_CONNECTION',
  'wsgi.url_scheme',
  'vivarium.request_id',
  'types',
];

async function environOf(wire: Wire, request: WireRequest): Promise<[string, string][]> {
  const environ: Record<string, unknown> = JSON.parse((await ask(wire, request)).text);
  return Object.entries(environ)
    .filter(([name]) => !OWN.includes(name))
    .map(([name, value]): [string, string] => [name, JSON.stringify(value)])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

async function ask(wire: Wire, request: WireRequest): Promise<WholeResponse> {
  return readWhole(await send(wire, addresses, request));
}

function assertExpected(found: WholeResponse, expected: Expected): void {
  const { status = 200, fields = {}, no = [], text, isComplete = true } = expected;
  assert.deepEqual([found.status, found.isComplete], [status, isComplete], found.text.slice(0, 200));
  for (const [name, value] of Object.entries(fields)) assert.deepEqual(found.fields[name], value, name);
  for (const name of no) assert.equal(found.fields[name], undefined, name);
  if (typeof text === 'string') assert.equal(found.text, text);
  else if (text !== undefined) assert.match(found.text, text);
  assert.match(String(found.fields.date), /GMT$/);
  assert.match(String(found.fields.server), /^vivarium/);
  assert.match(String(found.fields['x-request-id']), /^[\da-f]{10}-\w+$/);
}

for (const [wireName, wire] of Object.entries(WIRES)) {
  describe(wireName, () => {
    for (const [name, [request, expected]] of Object.entries(CASES))
      test(name, async () => assertExpected(await ask(wire, request), expected));

    for (const [name, request] of Object.entries(ENVIRON)) {
      test(`the environ of ${name}`, async () => {
        const reference = await environOf(WIRES['HTTP/1.1 over TCP']!, request);
        assert.ok(reference.some(([key, value]) => key === 'HTTP_HOST' && value === JSON.stringify(HOST)));
        assert.deepEqual(await environOf(wire, request), reference);
      });
    }

    for (const size of [0, 1, 65_536, 65_537, 3 * MEBIBYTE]) {
      for (const isStreamed of [false, true]) {
        test(`an upload of ${size} bytes${isStreamed ? ' of unknown length' : ''}`, async () => {
          const body = randomBytes(size);
          const { text } = await ask(wire, {
            method: 'POST',
            path: '/upload?how=read-length',
            body,
            isStreamed,
          });
          const { length, sha256 } = JSON.parse(text);
          assert.deepEqual([length, sha256], [size, createHash('sha256').update(body).digest('hex')]);
        });
      }
    }

    test('a large answer', async () => {
      const { body, fields } = await ask(wire, { path: `/big?size=${5 * MEBIBYTE}` });
      assert.deepEqual([body.length, fields['content-length']], [5 * MEBIBYTE, String(5 * MEBIBYTE)]);
    });

    test('an answer comes as it is made', async () => {
      const name = encodeURIComponent(wireName);
      const response = await send(wire, addresses, { path: `/stream?name=${name}` });
      const [first] = await once(response.body, 'data');
      response.body.pause(); // what comes next waits for who reads it
      assert.equal(String(first), 'first\n');
      assert.equal((await ask(wire, { path: `/gate?name=${name}` })).text, 'open');
      assert.equal((await readWhole(response)).text, 'second\n');
    });

    test('a client that leaves', async () => {
      const name = encodeURIComponent(`${wireName} left`);
      const response = await send(wire, addresses, { path: `/close-endless?name=${name}` });
      await once(response.body, 'data');
      response.leave();
      assert.equal((await ask(wire, { path: `/closed?name=${name}&wait=1` })).text, '1');
    });

    test('clients that do not read hold no thread', async () => {
      const slow = await Promise.all(
        Array.from({ length: 6 }, () => send(wire, addresses, { path: `/big?size=${3 * MEBIBYTE}` })),
      );
      assert.equal((await ask(wire, { path: '/hello' })).text, 'hello\n');
      for (const response of slow) assert.equal((await readWhole(response)).body.length, 3 * MEBIBYTE);
    });
  });
}
