/** A web server in front that speaks a gateway protocol, with the real server: trust, limits, time, reloads and crashes. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { type TestContext, test } from 'node:test';
import { GATEWAY_PROTOCOL_NAMES, type GatewayProtocolName } from '../../src/base/gateway-protocol-names.ts';
import { ScgiRequestEncoder } from '../../src/protocols/scgi/request-encoder.ts';
import { assertEachRunOnce, CountingLoad, readRuns } from '../support/counting-load.ts';
import { makeFolder } from '../support/folder.ts';
import { openGateway, sendGateway } from '../support/gateway-client.ts';
import { anOutgoingRequest } from '../support/outgoing-request.ts';
import { NO_PROC, pidsOf } from '../support/processes.ts';
import { getOnce } from '../support/raw-client.ts';
import { RawUpstream } from '../support/raw-upstream.ts';
import { APPS, runVivarium, VivariumProcess } from '../support/vivarium.ts';
import { readWhole } from '../support/wires.ts';

interface Started {
  readonly server: VivariumProcess;
  /** By protocol, `http` among them. */
  readonly ports: Readonly<Record<string, number>>;
}

/** Listens on a free port for HTTP and for each of the protocols. */
async function start(
  t: TestContext,
  protocols: readonly GatewayProtocolName[],
  ...args: string[]
): Promise<Started> {
  const listen = ['127.0.0.1:0', ...protocols.map((name) => `${name}://127.0.0.1:0`)];
  const server = new VivariumProcess(['serve', ...args, ...listen.flatMap((one) => ['--listen', one])]);
  t.after(() => server.stop());
  await server.waitForOutput(/^Access Log/m);
  const urls = server.output.matchAll(/^Server URL +: (\w+):\/\/127\.0\.0\.1:(\d+)/gm);
  return { server, ports: Object.fromEntries([...urls].map(([, name, port]) => [name!, Number(port)])) };
}

const startEcho = (t: TestContext, protocols: readonly GatewayProtocolName[], ...args: string[]) =>
  start(t, protocols, `${APPS}pep3333.py`, '--processes', '1', ...args);

/** All that comes of a connection until its end, '' when it is just closed. */
async function received(port: number, bytes: string, localAddress = '127.0.0.1'): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1', localAddress });
  let text = '';
  socket.setEncoding('latin1').on('data', (chunk) => (text += chunk));
  socket.on('error', () => {});
  socket.write(bytes, 'latin1');
  await new Promise((closed) => socket.on('close', closed));
  return text;
}

test('only web servers that are named may connect over TCP', async (t) => {
  const { server, ports } = await startEcho(t, GATEWAY_PROTOCOL_NAMES, '--gateway-allow-ips', '127.0.0.2');
  for (const protocol of GATEWAY_PROTOCOL_NAMES) {
    const from = server.output.length;
    assert.equal(await received(ports[protocol]!, 'x'), '');
    await server.waitForOutput(
      new RegExp(`gateway-refused: ${protocol}://.*the last of "127\\.0\\.0\\.1"`),
      from,
    );
  }
  assert.match(await received(ports.scgi!, 'x', '127.0.0.2'), /^Status: 400 Bad Request\r\n/);
});

test('a client that is gone when it is accepted does not pass for one on a Unix socket', {
  skip: NO_PROC,
}, async (t) => {
  const application = `
seen = []

def application(environ, start_response):
    seen.append(environ['PATH_INFO'])
    start_response('200 OK', [('Content-Type', 'text/plain')])
    return [' '.join(seen).encode()]
`;
  const folder = makeFolder(t, { 'wsgi.py': application });
  const one = ['--processes', '1', '--threads', '1', '--trust-proxy', 'unix:'];
  const { server, ports } = await start(t, ['scgi'], `${folder}/wsgi.py`, ...one);
  const text = new ScgiRequestEncoder().head(
    anOutgoingRequest({ pathInfo: '/by-scgi', target: '/by-scgi' }),
    0,
  );
  const [gateway] = pidsOf(server, 'vivarium-gateway');
  process.kill(gateway!, 'SIGSTOP');
  try {
    await sendAndReset(ports.scgi!, text);
    await sendAndReset(ports.http!, 'GET /by-http HTTP/1.1\r\nHost: a\r\n\r\n');
  } finally {
    process.kill(gateway!, 'SIGCONT');
  }
  // Behind them in both queues.
  for (const [path, seen] of [
    ['/first', '/first'],
    ['/second', '/first /second'],
  ] as const)
    assert.equal((await readWhole(await sendGateway('scgi', ports.scgi!, { path }))).text, seen);
  assert.equal((await getOnce(ports.http!, '/third')).text, '/first /second /third');
});

/** From an address that is not allowed; gone before anybody has accepted it. */
async function sendAndReset(port: number, bytes: string): Promise<void> {
  const socket = connect({ port, host: '127.0.0.1', localAddress: '127.0.0.2' });
  await new Promise<void>((sent) => socket.write(bytes, 'latin1', () => sent()));
  socket.resetAndDestroy();
  await once(socket, 'close');
}

test('a Unix socket is for its owner and group, or for those that are named', async (t) => {
  const folder = makeFolder(t);
  const modeOf = async (...args: string[]) => {
    const path = `${folder}/${args.length}`;
    await startEcho(t, [], '--listen', `scgi://unix:${path}`, ...args);
    return (statSync(path).mode & 0o777).toString(8);
  };
  assert.equal(await modeOf(), '660');
  assert.equal(await modeOf('--chmod-socket', '600'), '600');
});

test('a front that says nothing, or speaks another protocol, is not waited for, and nobody else notices', async (t) => {
  const { server, ports } = await startEcho(t, GATEWAY_PROTOCOL_NAMES, '--header-timeout', '3');
  const noises = [
    'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
    '\x16\x03\x01\x02\x00\x01'.repeat(20),
    '\0'.repeat(99),
  ];
  await Promise.all(
    GATEWAY_PROTOCOL_NAMES.map(async (protocol) => {
      const port = ports[protocol]!;
      await Promise.all(noises.map((noise) => received(port, noise)));
      assert.equal(await received(port, ''), '');
      assert.equal((await readWhole(await sendGateway(protocol, port, { path: '/hello' }))).text, 'hello\n');
    }),
  );
  await server.waitForOutput(/request-refused: .* not SCGI/);
});

for (const protocol of GATEWAY_PROTOCOL_NAMES) {
  const settings = ['--limit-request-field-size', '60000', '--ajp-packet-size', '65536'];

  test(`${protocol}: a request of the size that is allowed, and one that is larger`, async (t) => {
    const { ports } = await startEcho(t, [protocol], ...settings, '--limit-request-body', '100000');
    const ask = async (bytes: number, bodyBytes: number) => {
      const request = { path: '/echo', fields: { cookie: 'c'.repeat(bytes) }, body: 'x'.repeat(bodyBytes) };
      return readWhole(await sendGateway(protocol, ports[protocol]!, { ...request, method: 'POST' }));
    };
    const { HTTP_COOKIE, read } = JSON.parse((await ask(32_768, 100_000)).text);
    assert.deepEqual([HTTP_COOKIE.length, read.length], [32_768, 100_000]);
    assert.equal((await ask(60_000, 0)).status, 431);
    assert.equal((await ask(1, 100_001)).status, 413);
  });

  test(`${protocol}: the access log has the client, and what it spoke`, async (t) => {
    const { server, ports } = await startEcho(t, [protocol]);
    const told = { remoteAddress: '198.51.100.7', version: 'HTTP/2.0', variables: ['REMOTE_USER', 'ann'] };
    await readWhole(await sendGateway(protocol, ports[protocol]!, { path: '/hello?a=b' }, told));
    await server.waitForOutput(/^198\.51\.100\.7 - ann \[.*\] "GET \/hello\?a=b HTTP\/2\.0" 200 6 /m);
  });

  test(`${protocol}: a server that is full says so`, async (t) => {
    const { ports } = await startEcho(t, [protocol], '--max-clients', '1');
    const first = await sendGateway(protocol, ports[protocol]!, { path: '/close-endless?name=full' });
    await once(first.body, 'data');
    const second = await readWhole(await sendGateway(protocol, ports[protocol]!, { path: '/hello' }));
    assert.deepEqual([second.status, second.fields['retry-after'], second.isComplete], [503, '1', true]);
    first.leave();
  });

  test(`${protocol}: a body is handed on to a server behind as it comes`, async (t) => {
    const upstream = await RawUpstream.open(t);
    const folder = makeFolder(t, {
      'vivarium.toml': `[[routes]]\nmatch = "/up/*"\nproxy = "http://127.0.0.1:${upstream.port}"\n`,
    });
    const { ports } = await startEcho(t, [protocol], '--config', `${folder}/vivarium.toml`);
    const body = 'y'.repeat(300_000);
    const answer = sendGateway(protocol, ports[protocol]!, { method: 'POST', path: '/up/x', body });
    const peer = await upstream.accept();
    const head = await peer.readHead();
    assert.match(head, /^POST \/up\/x HTTP\/1\.1\r\n/);
    assert.match(head, /^content-length: 300000\r$/im);
    assert.equal(await peer.read(body.length), body);
    await peer.send('HTTP/1.1 201 Created\r\nContent-Length: 4\r\n\r\ndone');
    const { status, text } = await readWhole(await answer);
    assert.deepEqual([status, text], [201, 'done']);
  });

  test(`${protocol}: reloads under load lose no request and double none`, async (t) => {
    const countFile = `${makeFolder(t)}/count`;
    const args = [
      '--processes',
      '2',
      '--threads',
      '4',
      '--no-access-log',
      '--setenv',
      'COUNT_FILE',
      countFile,
    ];
    const { server, ports } = await start(t, [protocol], `${APPS}counting.py`, ...args);
    const open = (to: number | string) => openGateway(protocol, to);
    const load = new CountingLoad(ports[protocol]!, { connections: 8, open });
    for (let n = 0; n < 2; n++) {
      const from = server.output.length;
      server.signal('SIGHUP');
      await server.waitForOutput(/reload-finished/, from);
      await load.waitForAnswers(50);
    }
    assertEachRunOnce(await load.stop(), countFile);
  });

  test(`${protocol}: kill -9 of a gateway runs no request twice`, { skip: NO_PROC }, async (t) => {
    const countFile = `${makeFolder(t)}/count`;
    const args = [
      '--processes',
      '2',
      '--threads',
      '4',
      '--no-access-log',
      '--setenv',
      'COUNT_FILE',
      countFile,
    ];
    const { server, ports } = await start(t, [protocol], `${APPS}counting.py`, ...args);
    const open = (to: number | string) => openGateway(protocol, to);
    const load = new CountingLoad(ports[protocol]!, {
      connections: 8,
      open,
      query: '&ms=5',
      requestsPerConnection: 1,
    });
    await load.waitForAnswers(50);
    const from = server.output.length;
    process.kill(pidsOf(server, 'vivarium-gateway')[0]!, 'SIGKILL');
    await server.waitForOutput(/gateway-exited/, from);
    await load.waitForAnswers(50);
    const tally = await load.stop();
    assert.deepEqual([tally.refused, tally.mixedUp], [0, []]);
    const runs = readRuns(countFile);
    assert.deepEqual(
      [...runs].filter(([, { times }]) => times > 1),
      [],
    );
    assert.deepEqual(
      [...tally.answered.keys()].filter((id) => !runs.has(id)),
      [],
    );
  });
}

test('what the front has taken off the path stands before what the application is mounted at', async (t) => {
  const { ports } = await startEcho(t, ['scgi'], '--mount-point', '/app');
  const told = { scriptName: '/front', pathInfo: '/app/echo', target: '/front/app/echo' };
  const environ = JSON.parse(
    (await readWhole(await sendGateway('scgi', ports.scgi!, { path: '/' }, told))).text,
  );
  const { SCRIPT_NAME, PATH_INFO, REQUEST_URI } = environ;
  assert.deepEqual([SCRIPT_NAME, PATH_INFO, REQUEST_URI], ['/front/app', '/echo', '/front/app/echo']);
});

test('forwarding fields are believed of clients that are trusted proxies, as with HTTP', async (t) => {
  const { ports } = await startEcho(t, ['scgi'], '--trust-proxy', '192.0.2.1');
  const addressOf = async (remoteAddress: string) => {
    const request = { path: '/echo', fields: { 'x-forwarded-for': '203.0.113.9' } };
    const { text } = await readWhole(await sendGateway('scgi', ports.scgi!, request, { remoteAddress }));
    return JSON.parse(text).REMOTE_ADDR;
  };
  assert.equal(await addressOf('192.0.2.1'), '203.0.113.9');
  assert.equal(await addressOf('192.0.2.2'), '192.0.2.2');
});

test('the front gets the fields that are meant for a web server, and says Date and Server itself', async (t) => {
  const application = `
def application(environ, start_response):
    start_response('200 OK', [('X-Accel-Redirect', '/private/x'), ('X-Sendfile', '/x'), ('Connection', 'close')])
    return [b'']
`;
  const folder = makeFolder(t, { 'wsgi.py': application });
  const { ports } = await start(t, ['uwsgi'], `${folder}/wsgi.py`, '--processes', '1');
  const { fields } = await readWhole(await sendGateway('uwsgi', ports.uwsgi!, { path: '/' }));
  assert.deepEqual(fields, { 'x-accel-redirect': '/private/x', 'x-sendfile': '/x', 'content-length': '0' });
});

test('operators are asked by HTTP', async () => {
  const { output, code } = await runVivarium([
    'check',
    `${APPS}pep3333.py`,
    '--admin-listen',
    'scgi://127.0.0.1:0',
  ]);
  assert.match(output, /--admin-listen: found a gateway protocol; allowed: an address that speaks HTTP/);
  assert.notEqual(code, 0);
});
