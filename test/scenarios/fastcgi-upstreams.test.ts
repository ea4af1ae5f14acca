/** Servers behind us that speak FastCGI: kept connections, error output, and records that are wrong. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  BEGIN_REQUEST,
  END_REQUEST,
  PARAMS,
  record,
  STDERR,
  STDIN,
  STDOUT,
} from '../../src/protocols/fastcgi/records.ts';
import { type Context, fastcgi, open, server } from '../support/gateway-site.ts';
import type { RawClient } from '../support/raw-client.ts';
import type { UpstreamPeer } from '../support/raw-upstream.ts';

const END = record(END_REQUEST, 1, '\0\0\0\0\0\0\0\0');
const answer = (text: string) => record(STDOUT, 1, text) + record(STDOUT, 1, '') + END;

/** What the server got of one request. */
interface Got {
  readonly begin: string;
  readonly params: string;
  readonly body: string;
}

async function readRequest(peer: UpstreamPeer): Promise<Got> {
  const streams: Record<number, string> = { [BEGIN_REQUEST]: '', [PARAMS]: '', [STDIN]: '' };
  for (;;) {
    const header = Buffer.from(await peer.read(8), 'latin1');
    const content = await peer.read(header.readUInt16BE(4));
    await peer.read(header[6]!);
    streams[header[1]!] += content;
    if (header[1] === STDIN && content === '')
      return { begin: streams[BEGIN_REQUEST]!, params: streams[PARAMS]!, body: streams[STDIN]! };
  }
}

async function ask(t: Context, line: string, body = ''): Promise<[RawClient, UpstreamPeer, Got]> {
  const client = await open(t);
  const accepting = fastcgi.accept();
  await client.request(line, body === '' ? [] : [`Content-Length: ${body.length}`], body);
  const peer = await accepting;
  t.after(() => peer.close());
  return [client, peer, await readRequest(peer)];
}

test('a connection is kept for the next request', async (t) => {
  const [client, peer, first] = await ask(t, 'POST /fast/', 'hello');
  assert.equal(first.begin, '\0\x01\x01\0\0\0\0\0');
  assert.match(first.params, /\x0e\x01CONTENT_LENGTH5/);
  assert.equal(first.body, 'hello');
  await peer.send(answer('Content-Length: 2\r\n\r\nok'));
  assert.equal((await client.readResponse()).text, 'ok');
  await client.request('GET /fast/2');
  const second = await readRequest(peer);
  assert.equal(second.body, '');
  await peer.send(answer('Status: 404 Not Found\r\n\r\nno length'));
  const response = await client.readResponse();
  assert.deepEqual([response.status, response.text], [404, 'no length']);
});

test('what an application writes to its error output stands in the log, with the request', async (t) => {
  const [client, peer] = await ask(t, 'GET /fast/loud');
  await peer.send(record(STDERR, 1, 'PHP Warning: \x1b[31mfirst\nsecond') + answer('A: b\r\n\r\nhello'));
  assert.equal((await client.readResponse()).text, 'hello');
  await server.waitForOutput(
    /upstream-stderr: \[request \S+\] GET \/fast\/loud: .*: PHP Warning: \\x1b\[31mfirst\n {4}second/,
  );
});

test('what an application writes without end is cut off in the log, and its answer is not', async (t) => {
  const [client, peer] = await ask(t, 'GET /fast/endless');
  const errors = record(STDERR, 1, 'E'.repeat(30_000));
  await peer.send(errors + errors + answer('A: b\r\n\r\nhello'));
  assert.equal((await client.readResponse()).text, 'hello');
  await server.waitForOutput(/GET \/fast\/endless: .*: what else it says of this request is left out/);
  const logged = server.output.split('\n').filter((line) => line.includes('GET /fast/endless'));
  assert.equal(logged.filter((line) => line.endsWith('is left out')).length, 1);
  assert.ok(logged.join('').split('E').length < 17_000);
});

const bad: Record<string, string> = {
  'nothing but an end': END,
  'a record of another version': `\x02${record(STDOUT, 1, 'A: b\r\n\r\n').slice(1)}`,
  'a record of another request': record(STDOUT, 2, 'A: b\r\n\r\n'),
  'a record that only we may send': record(STDIN, 1, 'A: b\r\n\r\n'),
  'a refusal': record(END_REQUEST, 1, '\0\0\0\0\x02\0\0\0'),
  'another protocol': 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
};
for (const [what, text] of Object.entries(bad)) {
  test(`is a 502: ${what}`, async (t) => {
    const [client, peer] = await ask(t, 'GET /fast/');
    await peer.send(text);
    assert.equal((await client.readResponse()).status, 502);
    await peer.waitForEnd();
  });
}

test('an answer without its end is cut for the client, too', async (t) => {
  const [client, peer] = await ask(t, 'GET /fast/');
  await peer.send(record(STDOUT, 1, 'A: b\r\n\r\nhello'));
  await client.readHead();
  peer.socket.end();
  assert.equal((await client.readToEnd()).includes('0\r\n\r\n'), false);
});

test('records that nobody has asked for cannot become the answer of another client', async (t) => {
  const [client, peer] = await ask(t, 'GET /fast/1');
  await peer.send(answer('Content-Length: 1\r\n\r\n1') + answer('Content-Length: 6\r\n\r\nstolen'));
  assert.equal((await client.readResponse()).text, '1');
  await peer.waitForEnd();
  const [other, fresh] = await ask(t, 'GET /fast/2');
  await fresh.send(answer('Content-Length: 1\r\n\r\n2'));
  assert.equal((await other.readResponse()).text, '2');
});
