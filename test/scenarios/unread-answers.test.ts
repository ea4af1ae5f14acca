/** Who asks on and on and does not take the answers has to wait: what is answered at once must not fill the memory. */
import assert from 'node:assert/strict';
import { connect, type Socket } from 'node:net';
import { after, before, test } from 'node:test';
import { pair } from '../../src/protocols/fastcgi/name-value-pairs.ts';
import { BEGIN_REQUEST, END_REQUEST, PARAMS, record, STDIN } from '../../src/protocols/fastcgi/records.ts';
import { makeFolder } from '../support/folder.ts';
import { NO_PROC, peakMemory } from '../support/processes.ts';
import { getOnce } from '../support/raw-client.ts';
import { type Server, startServer } from '../support/vivarium.ts';

const MEBIBYTE = 1 << 20;
const ANSWER_BYTES = 100_000;
/** As many as are read at once, whose answers are 120 MB. */
const REQUESTS = 1200;
const GROWTH_MAX = 48 * MEBIBYTE;

const cleanups: (() => void)[] = [];
let folder: string;
let server: Server;
before(async () => {
  folder = makeFolder(
    { after: (cleanup) => void cleanups.push(cleanup) },
    {
      'vivarium.toml': `
[[routes]]
match = "/large"
respond = { body = "${'x'.repeat(ANSWER_BYTES)}" }
[[routes]]
respond = { body = "small" }
`,
    },
  );
  const sockets = ['http', 'fastcgi'].flatMap((name) => ['--listen', `${name}://unix:${folder}/${name}`]);
  server = await startServer(['--listen', '127.0.0.1:0', ...sockets, '--no-access-log'], { cwd: folder });
});
after(async () => {
  for (const cleanup of cleanups) cleanup();
  await server.stop();
});

const environ = pair('REQUEST_METHOD', 'GET') + pair('REQUEST_URI', '/large');
const CASES: Record<string, { socket: string; asked: string; last: string }> = {
  'pipelined requests': {
    socket: 'http',
    asked: 'GET /large HTTP/1.1\r\nHost: a\r\n\r\n',
    last: 'x',
  },
  'FastCGI requests': {
    socket: 'fastcgi',
    asked:
      record(BEGIN_REQUEST, 1, '\0\x01\x01\0\0\0\0\0') +
      record(PARAMS, 1, environ) +
      record(PARAMS, 1, '') +
      record(STDIN, 1, ''),
    last: record(END_REQUEST, 1, '\0\0\0\0\0\0\0\0'),
  },
};

for (const [what, { socket: name, asked, last }] of Object.entries(CASES)) {
  test(`${what}, of which nobody takes the answers`, { skip: NO_PROC }, async (t) => {
    const before = peakMemory(server.pid);
    const socket = connect(`${folder}/${name}`);
    t.after(() => socket.destroy());
    socket.write(Buffer.from(asked.repeat(REQUESTS), 'latin1'));
    // Others are served, and what can be answered is by now.
    for (let n = 0; n < 50; n++) assert.equal((await getOnce(server.port, '/')).text, 'small');
    await readAtLeast(socket, REQUESTS * ANSWER_BYTES, last);
    const growth = peakMemory(server.pid) - before;
    assert.ok(growth < GROWTH_MAX, `${growth} bytes more`);
  });
}

/** Resolves when so many bytes have come and the last of them are `last`. */
function readAtLeast(socket: Socket, bytes: number, last: string): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let received = 0;
  let tail = '';
  socket
    .on('error', reject)
    .on('close', () => reject(new Error(`closed after ${received} of ${bytes} bytes`)));
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length;
    tail = (tail + chunk.latin1Slice()).slice(-last.length);
    if (received >= bytes && tail === last) resolve();
  });
  return promise;
}
