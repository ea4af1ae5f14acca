/** What FastCGI has and the other gateway protocols have not, with the real server: several requests on one connection. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import { pair } from '../../src/protocols/fastcgi/name-value-pairs.ts';
import {
  ABORT_REQUEST,
  BEGIN_REQUEST,
  END_REQUEST,
  GET_VALUES,
  GET_VALUES_RESULT,
  PARAMS,
  RecordReader,
  record,
  STDIN,
  STDOUT,
  UNKNOWN_ROLE,
} from '../../src/protocols/fastcgi/records.ts';
import { makeFolder } from '../support/folder.ts';
import { startServer } from '../support/vivarium.ts';

/** `/wait` answers when `/go` is asked for; `/begun` begins before that. */
const APPLICATION = `
import threading
on = threading.Event()

def slowly():
    yield b'begun'
    on.wait(20)

def application(environ, start_response):
    path = environ['PATH_INFO']
    start_response('200 OK', [('Content-Type', 'text/plain')])
    if path == '/begun':
        return slowly()
    if path == '/wait':
        on.wait(20)
    if path == '/go':
        on.set()
    return [path.encode() + b' ' + environ['wsgi.input'].read()]
`;

const KEEP = 1;
const RESPONDER = 1;
const FILTER = 3;

const begin = (id: number, flags = KEEP, role = RESPONDER) =>
  record(BEGIN_REQUEST, id, `\0${String.fromCharCode(role, flags)}\0\0\0\0\0`);

function head(id: number, path: string, flags = KEEP): string {
  const environ = pair('REQUEST_METHOD', 'POST') + pair('REQUEST_URI', path);
  return begin(id, flags) + record(PARAMS, id, environ) + record(PARAMS, id, '');
}

const request = (id: number, path: string, flags = KEEP) => head(id, path, flags) + record(STDIN, id, '');

interface Read {
  readonly type: number;
  readonly id: number;
  readonly content: string;
}

class Front {
  readonly socket: Socket;
  readonly #reader = new RecordReader();
  readonly #records: Read[] = [];
  readonly closed: Promise<unknown>;

  constructor(path: string) {
    this.socket = connect(path);
    this.closed = once(this.socket, 'close');
    this.socket.on('data', (chunk: Buffer) => {
      this.#reader.push(chunk);
      while (this.#reader.next() === 'record') {
        const { type, id, content } = this.#reader;
        this.#records.push({ type, id, content: content.latin1Slice() });
      }
      this.socket.emit('records');
    });
  }

  send(...texts: string[]): void {
    this.socket.write(Buffer.from(texts.join(''), 'latin1'));
  }

  /** What has come up to the first record that is wanted, which is taken away with it. */
  async until(wanted: (read: Read) => boolean): Promise<Read[]> {
    for (;;) {
      const at = this.#records.findIndex(wanted);
      if (at >= 0) return this.#records.splice(0, at + 1);
      await once(this.socket, 'records', { signal: AbortSignal.timeout(20_000) });
    }
  }

  end(id: number): Promise<Read[]> {
    return this.until((read) => read.type === END_REQUEST && read.id === id);
  }
}

async function serve(t: TestContext): Promise<Front> {
  const folder = makeFolder(t, { 'wsgi.py': APPLICATION });
  const listen = ['--listen', '127.0.0.1:0', '--listen', `fastcgi://unix:${folder}/socket`];
  const server = await startServer([`${folder}/wsgi.py`, ...listen, '--processes', '1', '--threads', '4']);
  t.after(() => server.stop());
  const front = new Front(`${folder}/socket`);
  t.after(() => front.socket.destroy());
  return front;
}

const bodyOf = (read: readonly Read[], id: number) =>
  read
    .filter((each) => each.type === STDOUT && each.id === id)
    .map(({ content }) => content)
    .join('')
    .split('\r\n\r\n')[1];

test('requests share a connection, and the quick one is answered first', async (t) => {
  const front = await serve(t);
  front.send(head(1, '/wait'), head(2, '/quick'), record(STDIN, 1, 'a'), record(STDIN, 2, 'b'));
  front.send(record(STDIN, 1, 'c'), record(STDIN, 1, ''), record(STDIN, 2, ''));
  const first = await front.end(2);
  assert.equal(bodyOf(first, 2), '/quick b');
  assert.ok(!first.some(({ id }) => id === 1));
  front.send(request(3, '/go'));
  assert.equal(bodyOf(await front.end(1), 1), '/wait ac');
});

test('the connection is kept until the web server leaves its end to us', async (t) => {
  const front = await serve(t);
  for (const path of ['/first', '/second']) {
    front.send(request(1, path));
    assert.equal(bodyOf(await front.end(1), 1), `${path} `);
  }
  front.send(request(1, '/third', 0));
  assert.equal(bodyOf(await front.end(1), 1), '/third ');
  await front.closed;
});

test('a request that is given up ends, and others go on', async (t) => {
  const front = await serve(t);
  front.send(request(7, '/begun'));
  await front.until(({ type, id }) => type === STDOUT && id === 7);
  front.send(record(ABORT_REQUEST, 7, ''), request(8, '/go'));
  const read = await front.end(8);
  assert.equal(bodyOf(read, 8), '/go ');
  assert.ok(read.some(({ type, id }) => type === END_REQUEST && id === 7));
});

test('questions about us are answered, and are not the last thing on a connection', async (t) => {
  const front = await serve(t);
  front.send(record(GET_VALUES, 0, pair('FCGI_MPXS_CONNS', '')));
  const [answer] = await front.until(({ type }) => type === GET_VALUES_RESULT);
  assert.equal(answer!.content, pair('FCGI_MPXS_CONNS', '1'));
  front.send(request(1, '/then'));
  assert.equal(bodyOf(await front.end(1), 1), '/then ');
});

test('a role that we do not have is refused, and ends a connection for one request', async (t) => {
  const front = await serve(t);
  front.send(begin(1, KEEP, FILTER));
  assert.equal((await front.end(1)).at(-1)!.content.charCodeAt(4), UNKNOWN_ROLE);
  front.send(begin(1, 0, FILTER));
  assert.equal((await front.end(1)).at(-1)!.content.charCodeAt(4), UNKNOWN_ROLE);
  await front.closed;
});
