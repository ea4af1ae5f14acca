/** Gateway protocols, server role: the same request and the same answer as over HTTP, whatever a web server in front speaks. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { GATEWAY_PROTOCOL_NAMES, type GatewayProtocolName } from '../../src/base/gateway-protocol-names.ts';
import { makeFolder } from '../support/folder.ts';
import { GatewayFront, sendGateway, type Told } from '../support/gateway-client.ts';
import { MOUNT_FRONTS, MOUNTED_PATHS } from '../support/mount-cases.ts';
import { APPS, VivariumProcess } from '../support/vivarium.ts';
import { assertExpected, CASES, ENVIRON, MEBIBYTE, PAGE } from '../support/wire-cases.ts';
import {
  readWhole,
  send,
  type WholeResponse,
  WIRES,
  type WireRequest,
  type WireResponse,
} from '../support/wires.ts';

type Ask = (request: WireRequest, told?: Told) => Promise<WireResponse>;

/** Those whose answers end with the connection: over a Unix socket nobody can tell the end of one from its loss. */
const UNFRAMED = new Set<GatewayProtocolName>(['scgi', 'uwsgi']);
const LOSSES = ['an exception after the head', 'an exception in blocks'];
/** The front answers for it. */
const NOT_OURS = new Set(['an expectation that nobody knows']);

/** Of a size that goes straight from the file to the socket where the protocol has no frames. */
const LARGE = randomBytes(2 * MEBIBYTE).toString('hex');

let server: VivariumProcess;
let folder: string;
let removeFolder: () => void;
const ports: Record<string, number> = {};
before(async () => {
  const owner = { after: (then: () => void) => (removeFolder = then) };
  folder = makeFolder(owner, {
    'static/page.txt': PAGE,
    'static/.hidden': 'x',
    'static/large': LARGE,
    'vivarium.toml': `
application = "${APPS}pep3333.py"
[applications.mounted]
application = "${APPS}pep3333.py"
mount-point = "/m"
processes = 1
`,
  });
  const listeners = GATEWAY_PROTOCOL_NAMES.flatMap((name) => [
    ...['--listen', `${name}://127.0.0.1:0`, '--listen', `${name}://unix:${folder}/${name}`],
  ]);
  server = new VivariumProcess(
    [
      ...['serve', '--url-alias', '/static', `${folder}/static`],
      ...['--listen', '127.0.0.1:0', ...listeners, '--ajp-packet-size', '65536'],
      ...['--processes', '1', '--threads', '4', '--limit-request-body', '4m'],
    ],
    { cwd: folder },
  );
  await server.waitForOutput(/^Access Log/m);
  for (const [, name, port] of server.output.matchAll(/^Server URL +: (\w+):\/\/127\.0\.0\.1:(\d+)/gm))
    ports[name!] = Number(port);
});
after(async () => {
  await server.stop();
  removeFolder();
});

function direct(request: WireRequest): Promise<WireResponse> {
  return send(WIRES['HTTP/1.1 over TCP']!, { port: ports.http!, httpsPort: 0, socketPath: '' }, request);
}

async function ask(sendBy: Ask, request: WireRequest, told?: Told): Promise<WholeResponse> {
  return readWhole(await sendBy(request, told));
}

/** What tells one request from the next, and what a front adds. */
const OWN = [
  ...['REMOTE_ADDR', 'REMOTE_PORT', 'SERVER_PORT', 'HTTP_CONNECTION', 'vivarium.request_id', 'types'],
  ...['DOCUMENT_URI', 'REQUEST_SCHEME', 'SERVER_ADDR', 'AJP_REMOTE_PORT', 'AJP_LOCAL_ADDR'],
];

async function environOf(sendBy: Ask, request: WireRequest, told?: Told): Promise<Record<string, unknown>> {
  const environ: Record<string, unknown> = JSON.parse((await ask(sendBy, request, told)).text);
  for (const name of OWN) delete environ[name];
  // Some fronts say it and some do not; PEP 3333 has one meaning for both.
  if (environ.CONTENT_LENGTH === '0') delete environ.CONTENT_LENGTH;
  return environ;
}

async function pathsOf(sendBy: Ask, path: string, told?: Told): Promise<unknown[]> {
  const { SCRIPT_NAME, PATH_INFO, REQUEST_URI } = await environOf(sendBy, { path }, told);
  return [SCRIPT_NAME, PATH_INFO, REQUEST_URI];
}

for (const protocol of GATEWAY_PROTOCOL_NAMES) {
  const wires: Record<string, Ask> = {
    TCP: (request, told) => sendGateway(protocol, ports[protocol]!, request, told),
    'a Unix socket': (request, told) => sendGateway(protocol, `${folder}/${protocol}`, request, told),
  };
  for (const [wire, sendBy] of Object.entries(wires)) {
    const isBlind = UNFRAMED.has(protocol) && wire !== 'TCP';
    describe(`${protocol} over ${wire}`, () => {
      for (const [name, [request, expected]] of Object.entries(CASES)) {
        if (NOT_OURS.has(name)) continue;
        const cannotTell = isBlind && LOSSES.includes(name);
        test(name, { skip: cannotTell && 'the wire has no way to tell' }, async () =>
          assertExpected(await ask(sendBy, request), expected),
        );
      }

      for (const [name, request] of Object.entries(ENVIRON)) {
        test(`the environ of ${name}`, async () =>
          assert.deepEqual(
            await environOf(sendBy, request),
            await environOf(direct, { ...request, isStreamed: false }),
          ));
      }

      for (const path of [
        '//a//b',
        '/a%2Fb',
        '/a;b=c/d',
        '/caf%C3%A9',
        '/%e2%82%ac/',
        '/a%20b',
        '/a/./b',
        "/~a!$&'()*+,=:@",
      ])
        test(`the path ${path}`, async () => {
          const request = { path: `/echo${path}` };
          const found = await environOf(sendBy, request);
          assert.deepEqual(found, await environOf(direct, request));
          assert.equal(found.REQUEST_URI, request.path);
        });

      // AJP has no word for what the front has taken off.
      for (const [front, requests] of Object.entries(protocol === 'ajp' ? {} : MOUNT_FRONTS))
        test(`below a mount point of ${front}`, async () => {
          for (const { path, scriptName, pathInfo, scriptFilename } of requests) {
            const [uri, seen] = path;
            const variables = scriptFilename === undefined ? [] : ['SCRIPT_FILENAME', scriptFilename];
            const told: Told = { scriptName, pathInfo, variables };
            assert.deepEqual(await pathsOf(sendBy, uri, told), ['/m', seen, uri]);
          }
        });

      test('below a mount point of ours', async () => {
        for (const [uri, seen] of MOUNTED_PATHS)
          assert.deepEqual(await pathsOf(sendBy, uri), ['/m', seen, uri]);
      });

      for (const size of [0, 1, 8186, 8187, 65_535, 65_536, 3 * MEBIBYTE])
        test(`an upload of ${size} bytes`, async () => {
          const body = randomBytes(size);
          const { text } = await ask(sendBy, { method: 'POST', path: '/upload', body });
          const { length, sha256 } = JSON.parse(text);
          assert.deepEqual([length, sha256], [size, createHash('sha256').update(body).digest('hex')]);
        });

      test('a large answer', async () => {
        const { body, fields } = await ask(sendBy, { path: `/big?size=${5 * MEBIBYTE}` });
        assert.deepEqual([body.length, fields['content-length']], [5 * MEBIBYTE, String(5 * MEBIBYTE)]);
      });

      test('a large file, and a part of it', async () => {
        const whole = await ask(sendBy, { path: '/static/large' });
        assert.deepEqual([whole.isComplete, whole.text === LARGE], [true, true]);
        const part = await ask(sendBy, { path: '/static/large', fields: { range: 'bytes=1000000-3999999' } });
        assert.deepEqual([part.status, part.text === LARGE.slice(1_000_000, 4_000_000)], [206, true]);
      });

      test('an answer comes as it is made', async () => {
        const name = encodeURIComponent(`${protocol} ${wire}`);
        const response = await sendBy({ path: `/stream?name=${name}` });
        const [first] = await once(response.body, 'data');
        response.body.pause(); // what comes next waits for who reads it
        assert.equal(String(first), 'first\n');
        assert.equal((await ask(sendBy, { path: `/gate?name=${name}` })).text, 'open');
        assert.equal((await readWhole(response)).text, 'second\n');
      });

      test('a front that leaves', async () => {
        const name = encodeURIComponent(`${protocol} ${wire} left`);
        const response = await sendBy({ path: `/close-endless?name=${name}` });
        await once(response.body, 'data');
        response.leave();
        assert.equal((await ask(sendBy, { path: `/closed?name=${name}&wait=1` })).text, '1');
      });

      test('fronts that do not read hold no thread', async () => {
        const slow = await Promise.all(
          Array.from({ length: 6 }, () => sendBy({ path: `/big?size=${3 * MEBIBYTE}` })),
        );
        assert.equal((await ask(sendBy, { path: '/hello' })).text, 'hello\n');
        for (const response of slow) assert.equal((await readWhole(response)).body.length, 3 * MEBIBYTE);
      });

      test('what the front says of the client and of itself reaches the application', async () => {
        const told: Told = {
          ...{ remoteAddress: '198.51.100.7', remotePort: 4711, scheme: 'https', serverPort: 8443 },
          variables: [
            'REMOTE_USER',
            'ann',
            'SSL_CIPHER',
            'X',
            'wsgi.url_scheme',
            'http',
            'SERVER_SOFTWARE',
            'y',
          ],
        };
        const environ = JSON.parse((await ask(sendBy, { path: '/echo' }, told)).text);
        const { REMOTE_ADDR, SERVER_PORT, REMOTE_USER, SSL_CIPHER, SERVER_SOFTWARE } = environ;
        assert.deepEqual(
          [REMOTE_ADDR, SERVER_PORT, REMOTE_USER, SSL_CIPHER],
          ['198.51.100.7', '8443', 'ann', 'X'],
        );
        assert.deepEqual([environ['wsgi.url_scheme'], /^vivarium/.test(SERVER_SOFTWARE)], ['https', true]);
      });

      test('one connection takes as many requests as the protocol lets it', async () => {
        const front = new GatewayFront(protocol, wire === 'TCP' ? ports[protocol]! : `${folder}/${protocol}`);
        await once(front.socket, 'connect');
        let answered = 0;
        do {
          assert.equal((await readWhole(await front.send({ path: '/hello' }))).text, 'hello\n');
          answered++;
        } while (front.keepsConnection && answered < 5);
        front.socket.destroy();
        assert.equal(answered, UNFRAMED.has(protocol) ? 1 : 5);
      });
    });
  }
}
