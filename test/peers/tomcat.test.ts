/** Ours in front of Tomcat, by AJP. Skipped where there is none: see test/support/peers/tomcat.ts. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { makeFolder } from '../support/folder.ts';
import { NO_TOMCAT, startTomcat } from '../support/peers/tomcat.ts';
import { RawClient, type Response } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const suite = new Cleanups();
let server: Server;
let client: RawClient;

/** What the application says of a request, by its first word. */
function told({ status, text }: Response): Record<string, string> {
  assert.equal(status, 200, text);
  return Object.fromEntries(text.split('\n').map((line) => line.split(/ (.*)/s, 2) as [string, string]));
}

function digestOf(body: Uint8Array): string {
  return `${body.length} ${createHash('sha256').update(body).digest('hex')}`;
}

describe('Tomcat', { skip: NO_TOMCAT }, () => {
  before(async () => {
    const { address } = await startTomcat(suite, { secret: 'known', packetBytes: 65_536 });
    const upstream = (name: string, secret: string) => `
[upstreams.${name}]
servers = [{ address = "ajp://${address}", max-connections = 1 }]
ajp-packet-size = 65536
${secret}
`;
    const cwd = makeFolder(suite, {
      'vivarium.toml': `
limit-request-field-size = 131072
limit-request-head = 262144
${upstream('right', 'ajp-secret = "known"')}
${upstream('wrong', 'ajp-secret = "guessed"')}
${upstream('silent', '')}
[[routes]]
match = "/wrong/*"
proxy = "wrong"
[[routes]]
match = "/silent/*"
proxy = "silent"
[[routes]]
match = "/mode/*"
proxy = { to = "right", pass-authorization = true, params = { APP_MODE = "live" } }
[[routes]]
match = "/unknown/*"
proxy = { to = "right", params = { OTHER = "live" } }
[[routes]]
proxy = "right"
`,
    });
    server = await startServer([], { cwd });
    suite.after(() => server.stop());
    client = await RawClient.open(server.port);
    suite.after(() => client.close());
  });
  after(() => suite.run());

  test('a request is understood', async () => {
    const response = await client.get('/a%20b;c/caf%C3%A9?q=%201', ['Authorization: Basic eDp5']);
    const { method, uri, query, url, client: address, user } = told(response);
    assert.deepEqual([method, uri, query], ['GET', '/a%20b;c/caf%C3%A9', 'q=%201']);
    assert.equal(new URL(url!).pathname, uri);
    assert.deepEqual([address, user], ['127.0.0.1', 'null']);
    assert.deepEqual(
      response.fields.filter(([name]) => name.toLowerCase() === 'set-cookie').map(([, value]) => value),
      ['a=1', 'b=2'],
    );
  });

  test('large fields, there and back', async () => {
    const value = 'v'.repeat(30_000);
    const response = await client.get('/', [`X-Echo: ${value}`, `Cookie: a=${'c'.repeat(30_000)}`]);
    assert.deepEqual([told(response).cookie, response.get('x-echo') === value], ['30002', true]);
  });

  test('fields that do not fit into a packet', async () => {
    assert.equal((await client.get('/', [`X-Echo: ${'v'.repeat(70_000)}`])).status, 431);
  });

  for (const size of [0, 1, 8186, 8187, 65_536, 5_000_000])
    test(`an upload of ${size} bytes`, async () => {
      const body = randomBytes(size);
      assert.equal(told(await client.post('/', body)).body, digestOf(body));
    });

  test('an upload in chunks', async () => {
    const body = randomBytes(100_000);
    await client.request('POST /', ['Transfer-Encoding: chunked']);
    for (const part of [body.subarray(0, 1), body.subarray(1, 70_000), body.subarray(70_000)]) {
      await client.send(`${part.length.toString(16)}\r\n`);
      await client.send(part);
      await client.send('\r\n');
    }
    await client.send('0\r\n\r\n');
    assert.equal(told(await client.readResponse()).body, digestOf(body));
  });

  test('an answer of unknown length', async () => {
    const { status, body, complete, get } = await client.get('/blocks?count=40');
    assert.deepEqual([status, body.length, complete], [200, 40 * 65_536, true]);
    assert.equal(get('transfer-encoding'), 'chunked');
  });

  test('HEAD, and a method of its own', async () => {
    await client.request('HEAD /');
    assert.equal((await client.readResponse({ hasBody: false })).status, 200);
    await client.request('PROPFIND /', ['Content-Length: 0']);
    // It knows what that is, and lets no JSP answer it.
    assert.equal((await client.readResponse()).status, 405);
    assert.equal(told(await client.get('/')).method, 'GET');
  });

  test('params are attributes, those that it lets through', async () => {
    const { mode, user } = told(await client.get('/mode/', ['Authorization: Basic eDp5']));
    assert.deepEqual([mode, user], ['live', 'Basic eDp5']);
    assert.equal((await client.get('/unknown/')).status, 403);
  });

  test('it answers nobody who does not know the secret', async () => {
    assert.equal((await client.get('/wrong/')).status, 403);
    assert.equal((await client.get('/silent/')).status, 403);
    assert.equal((await client.get('/')).status, 200);
  });
});
