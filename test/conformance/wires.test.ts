/** The same request, and the same answer, whatever the wire: one list of cases for all of them. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { writeCertificate } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';
import { APPS, VivariumProcess } from '../support/vivarium.ts';
import { assertExpected, CASES, ENVIRON, MEBIBYTE, PAGE } from '../support/wire-cases.ts';
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

/** What answers of HTTP have beside what they say. */
function assertServerFields({ fields }: WholeResponse): void {
  assert.match(String(fields.date), /GMT$/);
  assert.match(String(fields.server), /^vivarium/);
  assert.match(String(fields['x-request-id']), /^[\da-f]{10}-\w+$/);
}

for (const [wireName, wire] of Object.entries(WIRES)) {
  describe(wireName, () => {
    for (const [name, [request, expected]] of Object.entries(CASES))
      test(name, async () => {
        const found = await ask(wire, request);
        assertExpected(found, expected);
        assertServerFields(found);
      });

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
