/** AJP13 between two servers of ours, one in front of the other, and between ours and a front that does as it likes. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import type { Bytes } from '../../src/exchange.ts';
import { AjpRequestEncoder } from '../../src/protocols/ajp/request-encoder.ts';
import type { OutgoingGatewayRequest } from '../../src/protocols/gateway-protocol.ts';
import { Cleanups } from '../support/cleanups.ts';
import { makeFolder } from '../support/folder.ts';
import { anOutgoingRequest } from '../support/outgoing-request.ts';
import { RawClient } from '../support/raw-client.ts';
import { APPS, runVivarium, type Server, startServer, VivariumProcess } from '../support/vivarium.ts';

const SECRET = 's3cret';
const CPING = '\x12\x34\0\x01\x0a';
const CPONG = 'AB\0\x01\x09';
const GET_BODY_CHUNK = 'AB\0\x03\x06\x1f\xfa';
/** END_RESPONSE, and whether the connection may be used again. */
const END_KEPT = 'AB\0\x02\x05\x01';
const END_CLOSED = 'AB\0\x02\x05\0';
const LIMITS = ['--limit-request-field-size', '65000', '--limit-request-head', '100k'];

const cleanups = new Cleanups();
let back: VivariumProcess;
let front: Server;
let port: number;
before(async () => {
  const folder = makeFolder(cleanups);
  const upstream = (name: string, settings: string): string =>
    `[upstreams.${name}]\nservers = ["ajp://unix:${folder}/back.sock"]\n${settings}`;
  const route = (match: string, to: string): string =>
    `[[routes]]\nmatch = "${match}"\nproxy = { to = "${to}" }\n`;
  writeFileSync(
    `${folder}/vivarium.toml`,
    `limit-request-body = "4m"
${upstream('large', `ajp-secret = "${SECRET}"\najp-packet-size = 65536\n`)}
${upstream('usual', `ajp-secret = "${SECRET}"\n`)}
${upstream('stranger', '')}
${route('/stranger', 'stranger')}
${route('/usual', 'usual')}
${route('/*', 'large')}`,
  );
  back = new VivariumProcess([
    ...['serve', `${APPS}pep3333.py`, '--processes', '1', '--threads', '4', '--limit-request-body', '4m'],
    ...['--listen', 'ajp://127.0.0.1:0', '--listen', `ajp://unix:${folder}/back.sock`, ...LIMITS],
    ...['--ajp-secret', SECRET, '--ajp-packet-size', '65536'],
  ]);
  cleanups.after(() => back.stop());
  await back.waitForOutput(/^Access Log/m);
  port = Number(/^Server URL +: ajp:\/\/127\.0\.0\.1:(\d+)/m.exec(back.output)![1]);
  front = await startServer(['--config', `${folder}/vivarium.toml`, ...LIMITS]);
  cleanups.after(() => front.stop());
});
after(() => cleanups.run());

describe('both roles, one behind the other', () => {
  let client: RawClient;
  before(async () => {
    client = await RawClient.open(front.port);
    cleanups.after(() => client.close());
  });

  for (const size of [0, 1, 8185, 8186, 8187, 16_372, 65_530, 65_531, 1_048_576]) {
    test(`an upload of ${size} bytes, with a length and in chunks`, async () => {
      const body = randomBytes(size);
      const expected = { length: size, sha256: createHash('sha256').update(body).digest('hex') };
      const uploaded = (text: string) => {
        const { length, sha256 } = JSON.parse(text);
        return { length, sha256 };
      };
      assert.deepEqual(uploaded((await client.post('/upload', body)).text), expected);
      await client.request('POST /upload', ['Transfer-Encoding: chunked'], chunked(body));
      assert.deepEqual(uploaded((await client.readResponse()).text), expected);
    });
  }

  test('a large answer', async () => {
    const { body, complete } = await client.get('/big?size=3000000');
    assert.deepEqual([body.equals(Buffer.alloc(3_000_000, 'x')), complete], [true, true]);
  });

  test('HEAD', async () => {
    await client.request('HEAD /big?size=3000000');
    assert.equal((await client.readResponse({ hasBody: false })).get('content-length'), '3000000');
    assert.equal((await client.get('/hello')).status, 200);
  });

  test('a cookie of 32 KiB, and one that does not fit into the packets that the server takes', async () => {
    const cookie = `Cookie: a=${'x'.repeat(32_768)}`;
    const environ = JSON.parse((await client.get('/echo', [cookie])).text);
    assert.equal(environ.HTTP_COOKIE, cookie.slice('Cookie: '.length));
    assert.equal((await client.get('/usual', [cookie])).status, 431);
  });

  test('what the front knows of the client reaches the application', async () => {
    const environ = JSON.parse((await client.get('/echo?a=%20b')).text);
    const { REMOTE_ADDR, REMOTE_PORT, SERVER_PORT, QUERY_STRING } = environ;
    assert.deepEqual(
      [REMOTE_ADDR, REMOTE_PORT, SERVER_PORT, QUERY_STRING],
      ['127.0.0.1', String(client.socket.localPort), String(front.port), 'a=%20b'],
    );
  });

  test('a front without the secret is refused', async () => {
    assert.equal((await client.get('/stranger')).status, 403);
  });
});

describe('a front that does as it likes', () => {
  const open = async (): Promise<RawClient> => {
    const client = await RawClient.open(port);
    cleanups.after(() => client.close());
    return client;
  };

  test('asks whether we are there, then sends requests on the same connection', async () => {
    const client = await open();
    await client.send(CPING);
    await client.readThrough(CPONG);
    for (let i = 0; i < 2; i++) {
      await client.send(forward({ mappedTarget: '/hello' }));
      await client.readThrough(END_KEPT);
    }
    await client.send(CPING);
    await client.readThrough(CPONG);
  });

  test('sends no packet of a body before it is asked for', async () => {
    const client = await open();
    await client.send(forward({ method: 'POST', mappedTarget: '/upload' }, 8187));
    await client.send(body('a'.repeat(8186)));
    await client.readThrough(GET_BODY_CHUNK);
    await client.send(body('a'));
    await client.readThrough(END_KEPT);
  });

  const REFUSED: Record<string, [number, () => Bytes]> = {
    'a wrong secret': [403, () => forward({}, 0, 'S3cret')],
    'no secret': [403, () => forward({}, 0, '')],
    'a coding that fronts frame in different ways': [
      400,
      () => forward({ method: 'POST', fields: ['Host', 'a', 'Transfer-Encoding', 'chunked, chunked'] }),
    ],
    'too much of a body': [413, () => forward({ method: 'POST' }, 4_194_305) + body('a')],
  };
  for (const [what, [status, request]] of Object.entries(REFUSED)) {
    test(`sends ${what}: it is answered, and nothing behind it is read as a request`, async () => {
      const client = await open();
      await client.send(request() + forward({ mappedTarget: '/hello' }));
      const answer = (await client.readToEnd()).latin1Slice();
      assert.ok(answer.includes(`\x04${String.fromCharCode(status >> 8, status & 255)}`), `no ${status}`);
      assert.ok(answer.endsWith(END_CLOSED));
      assert.equal(answer.includes('\x04\0\xc8'), false);
    });
  }

  test('speaks something else', async () => {
    const client = await open();
    await client.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    assert.ok((await client.readToEnd()).latin1Slice().endsWith(END_CLOSED));
  });
});

test('a listener that other machines reach needs a secret', async () => {
  const open = ['--listen', 'ajp://0.0.0.0:0', '--gateway-allow-ips', '10.0.0.0/8'];
  const { code, output } = await runVivarium(['check', `${APPS}pep3333.py`, ...open]);
  assert.equal(code, 2);
  assert.match(output, /found "ajp:\/\/0\.0\.0\.0:0" for 10\.0\.0\.0\/8 without ajp-secret/);
  const kept = await runVivarium(['check', `${APPS}pep3333.py`, ...open, '--ajp-secret', 'x']);
  assert.equal(kept.code, 0);
});

function forward(changes: Partial<OutgoingGatewayRequest>, bodySize = 0, secret = SECRET): string {
  return new AjpRequestEncoder({ secret, packetBytes: 65_536 }).head(anOutgoingRequest(changes), bodySize);
}

function body(text: string): Bytes {
  return new AjpRequestEncoder({ secret: '', packetBytes: 8192 }).body(text)[0]!;
}

function chunked(bytes: Buffer): Buffer {
  const last = Buffer.from('0\r\n\r\n');
  if (bytes.length === 0) return last;
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n'), last]);
}
