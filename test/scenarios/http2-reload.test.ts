/** A reload under a load over HTTP/2, by clients that do what GOAWAY asks of them: no request is lost, none runs twice. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { text } from 'node:stream/consumers';
import { test } from 'node:test';
import { readRuns } from '../support/counting-load.ts';
import { makeFolder } from '../support/folder.ts';
import { APPS, startServer } from '../support/vivarium.ts';

const CLIENTS = 4;
const STREAMS = 4;

/** A client with one connection at a time and several requests on it. */
class Client {
  readonly answered: string[] = [];
  readonly lost: string[] = [];
  connections = 0;
  readonly #url: string;
  #session: ClientHttp2Session | null = null;
  #isStopping = false;

  constructor(url: string) {
    this.#url = url;
  }

  stop(): void {
    this.#isStopping = true;
  }

  async run(name: string): Promise<void> {
    await Promise.all(Array.from({ length: STREAMS }, (_, stream) => this.#runStream(`${name}-${stream}`)));
    this.#session?.destroy();
  }

  async #runStream(name: string): Promise<void> {
    for (let n = 0; !this.#isStopping; n++) {
      const id = `${name}-${n}`;
      for (let done = false; !done; ) done = await this.#ask(id);
    }
  }

  /** False: it has to be sent again. */
  async #ask(id: string): Promise<boolean> {
    const session = this.#open();
    const stream = session.request({ ':path': `/?id=${id}&ms=2` });
    try {
      const [[head], body] = await Promise.all([once(stream, 'response'), text(stream)]);
      if (head[':status'] === 200 && body === id) this.answered.push(id);
      else this.lost.push(`${id}: ${head[':status']} ${body}`);
      return true;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const wasRefused = stream.rstCode === constants.NGHTTP2_REFUSED_STREAM;
      if (wasRefused || code === 'ERR_HTTP2_GOAWAY_SESSION' || code === 'ERR_HTTP2_INVALID_SESSION')
        return false;
      this.lost.push(`${id}: ${(error as Error).message}`);
      return true;
    }
  }

  #open(): ClientHttp2Session {
    if (this.#session !== null && !this.#session.closed && !this.#session.destroyed) return this.#session;
    this.connections++;
    this.#session = connect(this.#url);
    this.#session.on('error', () => {});
    return this.#session;
  }
}

test('gateways that take over lose no request of HTTP/2', async (t) => {
  const folder = makeFolder(t);
  const [file, countFile] = [`${folder}/vivarium.toml`, `${folder}/count`];
  const configure = (queueSize: number) => writeFileSync(file, `processes = 1\nqueue-size = ${queueSize}\n`);
  configure(1000);
  const counting = [`${APPS}counting.py`, '--setenv', 'COUNT_FILE', countFile];
  const server = await startServer([...counting, '--config', file, '--no-access-log']);
  t.after(() => server.stop());
  const clients = Array.from({ length: CLIENTS }, () => new Client(server.url));
  const runs = clients.map((client, n) => client.run(String(n)));
  const answers = () => clients.reduce((sum, { answered }) => sum + answered.length, 0);

  for (let n = 1; n <= 3; n++) {
    configure(1000 + n);
    const from = server.output.length;
    server.signal('SIGHUP');
    await server.waitForOutput(/reload-finished: a new gateway/, from);
    const until = answers() + 200;
    while (answers() < until) await new Promise(setImmediate);
  }
  for (const client of clients) client.stop();
  await Promise.all(runs);

  assert.deepEqual(
    clients.flatMap(({ lost }) => lost),
    [],
  );
  const counted = readRuns(countFile);
  assert.deepEqual(
    [...counted].filter(([, { times }]) => times !== 1),
    [],
  );
  assert.equal(counted.size, answers());
  for (const { connections } of clients) assert.ok(connections > 3, `${connections} connections`);
});
