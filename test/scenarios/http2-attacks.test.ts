/** The known attacks on servers of HTTP/2, frame by frame. After each the server serves others as before. */
import assert from 'node:assert/strict';
import { after, afterEach, before, describe, test } from 'node:test';
import {
  END_HEADERS,
  END_STREAM,
  ErrorCode,
  Frame,
  FrameClient,
  frame,
  headerBlock,
  request,
  u32,
} from '../support/frame-client.ts';
import { getOnce } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

interface Scope {
  after(then: () => void): void;
}

const STREAMS_MAX = 20;
const BURST = 50;

let server: Server;
before(async () => {
  server = await startServer([
    `${APPS}pep3333.py`,
    ...['--processes', '1', '--threads', '2', '--queue-size', '100'],
    ...['--http2-max-concurrent-streams', String(STREAMS_MAX)],
    ...['--http2-reset-burst', String(BURST), '--http2-reset-rate', '1'],
  ]);
});
after(async () => {
  await server.stop();
  assert.doesNotMatch(server.output, /gateway-exited|gateway-failed/);
});
afterEach(async () => assert.equal((await getOnce(server.port, '/hello')).text, 'hello\n'));

async function open(t: Scope, settings: [number, number][] = []): Promise<FrameClient> {
  const client = await FrameClient.open(server.port, settings);
  t.after(() => client.close());
  return client;
}

const times = (count: number, make: (n: number) => Buffer) =>
  Buffer.concat(Array.from({ length: count }, (_, n) => make(n)));
const GET = request('GET', '/hello');
const cancel = (stream: number) => frame(Frame.reset, 0, stream, u32(ErrorCode.cancel));

describe('floods end the connection', () => {
  test('rapid reset', async (t) => {
    const client = await open(t);
    for (let n = 0; n < 40 && !client.hasEnded; n++) {
      const pair = (m: number) => {
        const stream = 1 + 2 * (10 * n + m);
        return Buffer.concat([frame(Frame.headers, END_HEADERS | END_STREAM, stream, GET), cancel(stream)]);
      };
      client.send(times(10, pair), frame(Frame.ping, 0, 0, '12345678'));
      const next = await client.find(Frame.ping).catch(() => null);
      if (next === null) break;
    }
    assert.equal(client.hasEnded, true);
    await server.waitForOutput(/protocol-error: HTTP\/2 from 127\.0\.0\.1: too many requests taken back/);
  });

  for (const [name, flood, said] of [
    ['PING', frame(Frame.ping, 0, 0, '12345678'), 'pings'],
    ['SETTINGS', frame(Frame.settings, 0, 0, Buffer.from([0, 3, 0, 0, 0, 100])), 'changes of settings'],
  ] as const) {
    test(name, async (t) => {
      const client = await open(t);
      client.send(times(2 * BURST, () => flood));
      await client.readFloodEnd();
      await server.waitForOutput(new RegExp(`protocol-error: .*: too many ${said}`));
    });
  }

  test('CONTINUATION', async (t) => {
    const client = await open(t);
    client.send(frame(Frame.headers, END_STREAM, 1, GET));
    client.send(times(20, (n) => frame(Frame.continuation, 0, 1, headerBlock([[`x-${n}`, 'a']]))));
    assert.notEqual(await client.readGoaway(), ErrorCode.none);
  });

  test('empty DATA frames', async (t) => {
    const client = await open(t);
    client.request(1, 'POST', '/upload', [], true);
    client.send(times(5_000, () => frame(Frame.data, 0, 1)));
    assert.notEqual(await client.readGoaway(), ErrorCode.none);
  });

  test('fields without a name', async (t) => {
    const client = await open(t);
    const block = Buffer.concat([GET, headerBlock([['', 'a']])]);
    for (let n = 0; n < 5_000 && !client.hasEnded; n++)
      client.send(frame(Frame.headers, END_HEADERS | END_STREAM, 1 + 2 * n, block));
    assert.notEqual(await client.readGoaway(), ErrorCode.none);
  });

  test('requests beyond max-concurrent-streams', async (t) => {
    const client = await open(t);
    client.send(times(400, (n) => frame(Frame.headers, END_HEADERS, 1 + 2 * n, request('POST', '/upload'))));
    assert.notEqual(await client.readGoaway(), ErrorCode.none);
  });
});

describe('a header block that is too much loses its stream alone', () => {
  /** A field of the dynamic table, and how one names it again: one byte each time. */
  const BOMB = Buffer.concat([Buffer.from([0x40]), headerBlock([['x-bomb', 'b'.repeat(4000)]]).subarray(1)]);
  const AGAIN = Buffer.alloc(10_000, 0x80 | 62);

  for (const [name, block] of [
    ['an HPACK bomb', Buffer.concat([GET, BOMB, AGAIN])],
    ['thousands of fields', Buffer.concat([GET, times(1_500, (n) => headerBlock([[`x-${n}`, '']]))])],
  ] as const) {
    test(name, async (t) => {
      const client = await open(t);
      client.send(frame(Frame.headers, END_HEADERS | END_STREAM, 1, block));
      assert.equal(await client.readReset(1), ErrorCode.calm);
      client.request(3, 'GET', '/hello');
      assert.equal((await client.find(Frame.data, 3)).payload.toString(), 'hello\n');
    });
  }
});

test('a request beyond max-concurrent-streams is refused as not processed', async (t) => {
  const client = await open(t);
  for (let n = 0; n <= STREAMS_MAX; n++) client.request(1 + 2 * n, 'POST', '/upload', [], true);
  assert.equal(await client.readReset(1 + 2 * STREAMS_MAX), ErrorCode.refused);
  client.send(frame(Frame.data, END_STREAM, 1, 'body'));
  assert.match((await client.find(Frame.data, 1)).payload.toString(), /"length": 4/);
});

test('requests that are taken back in the packet that brings them', async (t) => {
  const client = await open(t);
  const kinds: [string, string][][] = [
    [],
    [['expect', '100-continue']],
    [['content-length', '99999999']],
    [['te', 'gzip']],
  ];
  for (const [n, fields] of kinds.entries()) {
    const stream = 1 + 2 * n;
    const head = frame(Frame.headers, END_HEADERS, stream, request('POST', '/upload', fields));
    client.send(Buffer.concat([head, cancel(stream)]));
  }
  client.request(99, 'GET', '/hello');
  assert.equal((await client.find(Frame.data, 99)).payload.toString(), 'hello\n');
});

test('windows held shut hold no thread', async (t) => {
  const client = await open(t, [[4, 0]]);
  for (let n = 0; n < STREAMS_MAX; n++) client.request(1 + 2 * n, 'GET', '/big?size=2000000');
  for (let n = 0; n < STREAMS_MAX; n++) await client.find(Frame.headers);
  assert.equal((await getOnce(server.port, '/hello')).text, 'hello\n');
  client.send(frame(Frame.windowUpdate, 0, 0, u32(1_000)), frame(Frame.windowUpdate, 0, 1, u32(1_000)));
  assert.equal((await client.find(Frame.data)).payload.length, 1_000);
});

describe('what is malformed never comes to the application', () => {
  const pseudo = (changes: Record<string, string | null>, fields: [string, string][] = []) => {
    const named = {
      ':method': 'GET',
      ':scheme': 'http',
      ':path': '/malformed',
      ':authority': 'a',
      ...changes,
    };
    const kept = Object.entries(named).filter((entry): entry is [string, string] => entry[1] !== null);
    return headerBlock([...kept, ...fields]);
  };
  const field = (name: string, value: string) => pseudo({}, [[name, value]]);
  const CASES: Record<string, Buffer> = {
    'a field in upper case': field('X-Upper', 'a'),
    'transfer-encoding': field('transfer-encoding', 'chunked'),
    connection: field('connection', 'x-secret'),
    'te: gzip': field('te', 'gzip'),
    'two lengths': pseudo({}, [
      ['content-length', '0'],
      ['content-length', '1'],
    ]),
    'another host': field('host', 'b'),
    'a line break in the path': pseudo({ ':path': '/malformed HTTP/1.1\r\nX: y' }),
    'a line break in the method': pseudo({ ':method': 'GET / HTTP/1.1\r\nX: y\r\n\r\nGET' }),
    'a line break in the authority': pseudo({ ':authority': 'a\r\nX: y' }),
    'a space in the method': pseudo({ ':method': 'GET /x' }),
    'an absolute path': pseudo({ ':path': 'http://b/malformed' }),
    'an empty path': pseudo({ ':path': '' }),
    'no path': pseudo({ ':path': null }),
    'no method': pseudo({ ':method': null }),
    'no scheme': pseudo({ ':scheme': null }),
    'user information': pseudo({ ':authority': 'b@a' }),
    'an unknown pseudo-header field': pseudo({ ':x': 'y' }),
    'a pseudo-header field of responses': pseudo({ ':status': '200' }),
    'a pseudo-header field behind others': pseudo({}, [
      ['x', 'y'],
      [':method', 'POST'],
    ]),
    'two methods': pseudo({}, [[':method', 'POST']]),
    CONNECT: headerBlock([
      [':method', 'CONNECT'],
      [':authority', 'a:443'],
    ]),
    'a length without a body': field('content-length', '5'),
  };
  for (const [name, block] of Object.entries(CASES)) {
    test(name, async (t) => {
      const client = await open(t);
      const from = server.output.length;
      client.send(frame(Frame.headers, END_HEADERS | END_STREAM, 1, block));
      await refused(client);
      assert.doesNotMatch(server.output.slice(from), /malformed/);
    });
  }

  for (const [name, body] of [
    ['more body than content-length', '123456'],
    ['less body than content-length', '1234'],
  ] as const) {
    test(name, async (t) => {
      const client = await open(t);
      client.request(1, 'POST', '/malformed', [['content-length', '5']], true);
      client.send(frame(Frame.data, END_STREAM, 1, body));
      await refused(client);
      assert.doesNotMatch(server.output, /malformed/);
    });
  }

  test('a field with a line break or a NUL is not passed on', async (t) => {
    const client = await open(t);
    const fields: [string, string][] = [
      ['x-value', 'a\r\nX-Injected: yes'],
      ['x-value', 'a\nb'],
      ['x-value', 'a\0b'],
      ['x-value\r\nx-injected', 'yes'],
      ['x-value: a\r\nx-injected', 'yes'],
      ['x-value\0', 'yes'],
    ];
    for (const [n, field] of fields.entries()) {
      const stream = 1 + 2 * n;
      client.request(stream, 'GET', '/echo', [field]);
      const environ = (await client.find(Frame.data, stream)).payload.toString();
      assert.match(environ, /"HTTP_HOST": "localhost"/);
      assert.doesNotMatch(environ, /X_VALUE|INJECTED/i);
    }
  });
});

/** Answered with a status of ours, or its stream or connection ended. */
async function refused(client: FrameClient): Promise<void> {
  for (let next = await client.read(); next !== null; next = await client.read()) {
    if (next.stream === 1 && next.type === Frame.reset) return;
    if (next.stream === 1 && next.type === Frame.headers) {
      // ":status: 400" and ":status: 405" of the static table and as a literal (RFC 7541, appendix A).
      const [first] = next.payload;
      assert.ok(
        first === 0x80 + 12 || /405/.test(next.payload.toString('latin1')),
        next.payload.toString('hex'),
      );
      return;
    }
  }
}
