/**
 * Gateway protocols, client role: the same request and the same answer as without a proxy, whatever the server behind
 * speaks. The server behind is ours, too, whose other role test/conformance/gateway-protocols.test.ts is about.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { GATEWAY_PROTOCOL_NAMES } from '../../src/base/gateway-protocol-names.ts';
import { encodePath } from '../../src/base/url-path.ts';
import { makeFolder } from '../support/folder.ts';
import { MERGED, MOUNTED_PATHS } from '../support/mount-cases.ts';
import { APPS, startServer, VivariumProcess } from '../support/vivarium.ts';
import { assertExpected, CASES, ENVIRON, MEBIBYTE, PAGE } from '../support/wire-cases.ts';
import {
  readWhole,
  send,
  type WholeResponse,
  WIRES,
  type WireRequest,
  type WireResponse,
} from '../support/wires.ts';

type Ask = (request: WireRequest) => Promise<WireResponse>;

/** Over a Unix socket nobody can tell the end of an answer from its loss where the connection ends it. */
const BLIND = new Set(['scgi over a Unix socket', 'uwsgi over a Unix socket']);
const LOSSES = ['an exception after the head', 'an exception in blocks'];
/** What tells one request from the next, and what we say of the client ourselves. */
const OWN = [
  ...['REMOTE_ADDR', 'REMOTE_PORT', 'SERVER_PORT', 'HTTP_CONNECTION', 'HTTP_HOST', 'SERVER_NAME'],
  ...[
    'vivarium.request_id',
    'types',
    'DOCUMENT_URI',
    'REQUEST_SCHEME',
    'SERVER_ADDR',
    'HTTP_X_FORWARDED_FOR',
  ],
  ...['AJP_REMOTE_PORT', 'AJP_LOCAL_ADDR'],
];

const cleanups: (() => void)[] = [];
const suite = { after: (then: () => void) => void cleanups.push(then) };
let behind: VivariumProcess;
let front: VivariumProcess;
let directPort = 0;
let frontPort = 0;

before(async () => {
  const folder = makeFolder(suite, { 'static/page.txt': PAGE, 'static/.hidden': 'x' });
  const listeners = GATEWAY_PROTOCOL_NAMES.flatMap((name) => [
    ...['--listen', `${name}://127.0.0.1:0`, '--listen', `${name}://unix:${folder}/${name}`],
  ]);
  behind = new VivariumProcess([
    ...['serve', `${APPS}pep3333.py`, '--url-alias', '/static', `${folder}/static`],
    ...['--listen', '127.0.0.1:0', ...listeners, '--ajp-packet-size', '65536'],
    ...['--processes', '1', '--threads', '4', '--limit-request-body', '4m'],
  ]);
  await behind.waitForOutput(/^Access Log/m);
  const servers: Record<string, string> = {};
  for (const [, name, port] of behind.output.matchAll(/^Server URL +: (\w+):\/\/127\.0\.0\.1:(\d+)/gm)) {
    if (name === 'http') directPort = Number(port);
    else servers[`${name}-tcp`] = `${name}://127.0.0.1:${port}`;
  }
  for (const name of GATEWAY_PROTOCOL_NAMES) servers[`${name}-unix`] = `${name}://unix:${folder}/${name}`;
  const cwd = makeFolder(suite, { 'vivarium.toml': configuration(servers) });
  const started = await startServer([], { cwd });
  front = started;
  frontPort = started.port;
});
after(async () => {
  await front?.stop();
  await behind.stop();
  for (const cleanup of cleanups) cleanup();
});

function configuration(servers: Readonly<Record<string, string>>): string {
  const upstreams = Object.entries(servers).map(
    ([name, address]) => `
[upstreams.${name}]
servers = ["${address}"]
keep-alive = 4
ajp-packet-size = 65536
[[sites]]
hosts = ["${name}.test"]
[[sites.routes]]
proxy = { to = "${name}", pass-authorization = true, forwarded = false }
[[sites]]
hosts = ["mounted.${name}.test"]
[[sites.routes]]
match = "/m/*"
proxy = "${address}${name.endsWith('unix') ? ':' : ''}/"
`,
  );
  return `limit-request-body = "4m"\n${upstreams.join('')}`;
}

function sendTo(port: number, host: string, request: WireRequest): Promise<WireResponse> {
  const fields = { ...request.fields, host };
  return send(WIRES['HTTP/1.1 over TCP']!, { port, httpsPort: 0, socketPath: '' }, { ...request, fields });
}

async function ask(sendBy: Ask, request: WireRequest): Promise<WholeResponse> {
  return readWhole(await sendBy(request));
}

async function environOf(sendBy: Ask, request: WireRequest): Promise<Record<string, unknown>> {
  const environ: Record<string, unknown> = JSON.parse((await ask(sendBy, request)).text);
  for (const name of OWN) delete environ[name];
  // Some protocols always say it; PEP 3333 has one meaning for both.
  if (environ.CONTENT_LENGTH === '0') delete environ.CONTENT_LENGTH;
  return environ;
}

for (const protocol of GATEWAY_PROTOCOL_NAMES) {
  for (const [wire, name] of [
    ['TCP', `${protocol}-tcp`],
    ['a Unix socket', `${protocol}-unix`],
  ] as const) {
    const title = `${protocol} over ${wire}`;
    const proxied: Ask = (request) => sendTo(frontPort, `${name}.test`, request);
    const direct: Ask = (request) => sendTo(directPort, `${name}.test`, { ...request, isStreamed: false });

    describe(title, () => {
      for (const [what, [request, expected]] of Object.entries(CASES)) {
        const cannotTell = BLIND.has(title) && LOSSES.includes(what);
        test(what, { skip: cannotTell && 'the wire has no way to tell' }, async () =>
          assertExpected(await ask(proxied, request), expected),
        );
      }

      for (const [what, request] of Object.entries(ENVIRON))
        test(`the environ of ${what}`, async () =>
          assert.deepEqual(await environOf(proxied, request), await environOf(direct, request)));

      for (const path of ['//a//b', '/a%2Fb', '/a;b=c/d', '/caf%C3%A9', '/a%20b', "/~a!$&'()*+,=:@"])
        test(`the path ${path}`, async () => {
          const request = { path: `/echo${path}?a=%20` };
          assert.deepEqual(await environOf(proxied, request), await environOf(direct, request));
        });

      // The path is mapped, so it is the one that the match has seen: one slash between segments.
      const mounted = MOUNTED_PATHS.map((path) => (path[0] === MERGED[0] ? MERGED : path));
      for (const [path, pathInfo] of mounted)
        test(`below a mount point: ${path}`, async () => {
          const environ = await environOf((request) => sendTo(frontPort, `mounted.${name}.test`, request), {
            path,
          });
          // AJP has only the path of the server behind.
          const [scriptName, uri] = protocol === 'ajp' ? ['', encodePath(pathInfo)] : ['/m', path];
          assert.deepEqual(
            [environ.SCRIPT_NAME, environ.PATH_INFO, environ.REQUEST_URI],
            [scriptName, pathInfo, uri],
          );
        });

      for (const isStreamed of [false, true])
        for (const size of [0, 1, 8186, 8187, 65_536, 3 * MEBIBYTE])
          test(`an upload of ${size} bytes${isStreamed ? ', of unknown length' : ''}`, async () => {
            const body = randomBytes(size);
            const { text } = await ask(proxied, { method: 'POST', path: '/upload', body, isStreamed });
            const { length, sha256 } = JSON.parse(text);
            assert.deepEqual([length, sha256], [size, createHash('sha256').update(body).digest('hex')]);
          });

      test('a large answer', async () => {
        const { body, fields } = await ask(proxied, { path: `/big?size=${5 * MEBIBYTE}` });
        assert.deepEqual([body.length, fields['content-length']], [5 * MEBIBYTE, String(5 * MEBIBYTE)]);
      });

      test('an answer comes as it is made', async () => {
        const gate = encodeURIComponent(name);
        const response = await proxied({ path: `/stream?name=${gate}` });
        const [first] = await once(response.body, 'data');
        response.body.pause(); // what comes next waits for who reads it
        assert.equal(String(first), 'first\n');
        assert.equal((await ask(proxied, { path: `/gate?name=${gate}` })).text, 'open');
        assert.equal((await readWhole(response)).text, 'second\n');
      });

      test('a client that leaves', async () => {
        const response = await proxied({ path: `/close-endless?name=${name}-left` });
        await once(response.body, 'data');
        response.leave();
        assert.equal((await ask(proxied, { path: `/closed?name=${name}-left&wait=1` })).text, '1');
      });
    });
  }
}
