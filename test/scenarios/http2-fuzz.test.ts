/**
 * Frames at random, most of them nearly right: whatever a client sends and whenever it leaves, the gateway goes on.
 * `VIVARIUM_FUZZ_SEED=7 VIVARIUM_FUZZ_RUNS=2000` runs more, and others.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { Random } from '../chaos/random.ts';
import { makeFolder } from '../support/folder.ts';
import {
  END_HEADERS,
  END_STREAM,
  Frame,
  FrameClient,
  frame,
  headerBlock,
  request,
  u32,
} from '../support/frame-client.ts';
import { getOnce } from '../support/raw-client.ts';
import { APPS, startServer } from '../support/vivarium.ts';

const SEED = Number(process.env.VIVARIUM_FUZZ_SEED ?? 1);
const CONNECTIONS = Number(process.env.VIVARIUM_FUZZ_RUNS ?? 150);
const FRAMES_MAX = 40;

const PATHS = [
  '/hello',
  '/echo',
  '/upload',
  '/big?size=300000',
  '/write',
  '/exc-after',
  '/exc-after-chunked',
].concat([
  '/static/page.txt',
  '/status?code=204&body=x',
  '/wrong-length-short',
  '/wrong-length-long',
  '/%zz',
  '/behind',
  '/behind',
  '/behind',
  '',
]);
const METHODS = ['GET', 'GET', 'HEAD', 'POST', 'OPTIONS', 'CONNECT', 'get', ''];
const FIELDS: [string, string][] = [
  ['content-length', '5'],
  ['expect', '100-continue'],
  ['te', 'trailers'],
  ['range', 'bytes=0-1'],
  ['connection', 'close'],
  ['x', '\xff'],
];

function requestFrame(random: Random, stream: number): Buffer {
  const fields = FIELDS.filter(() => random.next() < 0.2);
  const method = random.pick(METHODS)!;
  if (method === 'CONNECT' && random.next() < 0.8) fields.unshift([':protocol', 'websocket']);
  const block = request(method, random.pick(PATHS)!, fields);
  const flags = (random.next() < 0.7 ? END_STREAM : 0) | (random.next() < 0.97 ? END_HEADERS : 0);
  return frame(Frame.headers, flags, stream, block);
}

function trailerFrame(random: Random, stream: number): Buffer {
  const name = random.pick(['x-sum', 'content-length', 'authorization', ':path', 'X'])!;
  return frame(Frame.headers, END_HEADERS | END_STREAM, stream, headerBlock([[name, '5']]));
}

function someFrame(random: Random, next: number): Buffer {
  const stream =
    random.between(0, 3) === 0 ? random.between(0, 20) : Math.max(1, next - 2 * random.between(0, 4));
  const kind = random.next();
  if (kind < 0.04) return trailerFrame(random, stream);
  if (kind < 0.45) return requestFrame(random, next);
  if (kind < 0.6) return frame(Frame.data, random.between(0, 1), stream, 'x'.repeat(random.between(0, 2000)));
  if (kind < 0.72) return frame(Frame.reset, 0, stream, u32(random.between(0, 14)));
  if (kind < 0.84) return frame(Frame.windowUpdate, 0, stream, u32(random.between(0, 2) ** 40 % 2 ** 31));
  if (kind < 0.9)
    return frame(
      Frame.settings,
      0,
      0,
      Buffer.from([0, random.between(1, 6), 0, 0, random.between(0, 255), 0]),
    );
  const payload = Buffer.from(Array.from({ length: random.between(0, 20) }, () => random.between(0, 255)));
  return frame(random.between(0, 12), random.between(0, 255), stream, payload);
}

/** A client that sends a while, in packets of several frames, and leaves. */
async function play(port: number, random: Random): Promise<void> {
  const client = await FrameClient.open(port, random.next() < 0.3 ? [[4, random.between(0, 3000)]] : []);
  const frames = random.between(1, FRAMES_MAX);
  let packet: Buffer[] = [];
  for (let n = 0; n < frames && !client.hasEnded; n++) {
    packet.push(someFrame(random, 1 + 2 * n));
    if (random.next() < 0.5) continue;
    client.send(...packet);
    packet = [];
    if (random.next() < 0.3) await new Promise(setImmediate);
  }
  client.send(...packet);
  const leave = random.between(0, 2);
  if (leave === 0) client.socket.end();
  if (leave === 1) client.socket.resetAndDestroy();
  await new Promise(setImmediate);
  client.close();
}

test(`${CONNECTIONS} connections with frames at random, seed ${SEED}`, async (t) => {
  const behind = createServer((request, response) => request.on('error', () => {}).pipe(response));
  behind.on('upgrade', (_, socket) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n');
    socket.on('error', () => {}).pipe(socket);
  });
  behind.listen(0, '127.0.0.1');
  await once(behind, 'listening');
  t.after(() => behind.close());
  const { port } = behind.address() as AddressInfo;
  const folder = makeFolder(t, {
    'static/page.txt': 'page',
    'vivarium.toml': `[[routes]]\nmatch = "/behind"\nproxy = "http://127.0.0.1:${port}"\n`,
  });
  const server = await startServer([
    ...[`${APPS}pep3333.py`, '--config', `${folder}/vivarium.toml`, '--processes', '1'],
    ...['--url-alias', '/static', `${folder}/static`],
    ...['--request-id-header', 'X-Request-ID', '--http2-reset-burst', '1000'],
  ]);
  t.after(() => server.stop());
  const random = new Random(SEED);
  for (let n = 0; n < CONNECTIONS; n++) await play(server.port, random.fork());
  assert.equal((await getOnce(server.port, '/hello')).text, 'hello\n');
  // Whatever was begun has ended.
  await server.stop();
  assert.doesNotMatch(
    server.output,
    /gateway-(exited|failed|killed)|request-lost|worker-exited|MaxListeners/,
  );
});
