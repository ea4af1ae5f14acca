/**
 * A server in front of a raw upstream server, for scenarios of HTTP/2 that is passed on: whoever imports it has it started.
 * After each test it is seen to be well.
 */
import assert from 'node:assert/strict';
import { after, afterEach, before } from 'node:test';
import { makeFolder } from './folder.ts';
import { Frame, FrameClient, frame } from './frame-client.ts';
import { getOnce } from './raw-client.ts';
import { RawUpstream, type UpstreamPeer } from './raw-upstream.ts';
import { APPS, type Server, startServer } from './vivarium.ts';

export type Context = { after(then: () => void): void };

export const BURST = 50;

export let server: Server;
export let upstream: RawUpstream;
const cleanups: (() => void)[] = [];
before(async () => {
  const suite = { after: (then: () => void) => void cleanups.push(then) };
  upstream = await RawUpstream.open(suite);
  const folder = makeFolder(suite, {
    'vivarium.toml': `
body-timeout = "1s"
response-socket-timeout = "1s"
[upstreams.busy]
servers = [{ address = "127.0.0.1:${upstream.port}", max-connections = 1 }]
[[routes]]
match = "/busy"
proxy = "busy"
[[routes]]
match = { not = "/hello" }
proxy = "http://127.0.0.1:${upstream.port}"
`,
  });
  server = await startServer([
    ...[`${APPS}pep3333.py`, '--config', `${folder}/vivarium.toml`, '--processes', '1'],
    ...['--limit-request-body', '1g', '--http2-max-concurrent-streams', '100'],
    ...['--http2-reset-burst', String(BURST), '--http2-reset-rate', '1'],
  ]);
});
after(async () => {
  for (const cleanup of cleanups) cleanup();
  await server.stop();
  assert.doesNotMatch(server.output, /gateway-exited|gateway-failed|request-lost/);
});
afterEach(async () => assert.equal((await getOnce(server.port, '/hello')).text, 'hello\n'));

export async function open(t: Context, settings: [number, number][] = []): Promise<FrameClient> {
  const client = await FrameClient.open(server.port, settings);
  t.after(() => client.close());
  return client;
}

/** Begins a request with a body, and returns the end that the server behind has of it. */
export async function ask(
  t: Context,
  client: FrameClient,
  stream = 1,
  fields: [string, string][] = [],
): Promise<[UpstreamPeer, string]> {
  client.request(stream, 'POST', '/', fields, true);
  const peer = await upstream.accept();
  t.after(() => peer.close());
  return [peer, await peer.readHead()];
}

/** Of a client that has not read our settings yet. */
export const WINDOW = 65_535;

/** Streams whose client sends whatever their windows, and that of the connection, allow. */
export class Flood {
  readonly #client: FrameClient;
  readonly #windows = new Map<number, number>([[0, WINDOW]]);
  sent = 0;

  constructor(client: FrameClient, streams: readonly number[]) {
    this.#client = client;
    for (const stream of streams) this.#windows.set(stream, WINDOW);
  }

  /** Until no window is opened any more while other requests of the connection are answered. */
  async sendWhatIsTaken(max: number): Promise<void> {
    let other = 1001;
    for (let quiet = 0; quiet < 20 && this.sent < max; other += 2) {
      const before = this.sent;
      for (const stream of this.#windows.keys()) if (stream !== 0) this.#fill(stream);
      this.#client.request(other, 'GET', '/hello');
      await this.#answerOf(other);
      quiet = this.sent === before ? quiet + 1 : 0;
    }
  }

  #fill(stream: number): void {
    for (;;) {
      const size = Math.min(this.#windows.get(stream)!, this.#windows.get(0)!, 16_384);
      if (size === 0) return;
      this.#client.send(frame(Frame.data, 0, stream, Buffer.alloc(size)));
      this.#open(stream, -size);
      this.#open(0, -size);
      this.sent += size;
    }
  }

  #open(stream: number, bytes: number): void {
    const window = this.#windows.get(stream);
    if (window !== undefined) this.#windows.set(stream, window + bytes);
  }

  async #answerOf(other: number): Promise<void> {
    for (;;) {
      const next = await this.#client.read();
      assert.ok(next !== null, 'the connection has ended');
      if (next.type === Frame.windowUpdate) this.#open(next.stream, next.payload.readUInt32BE(0));
      if (next.type === Frame.data && next.stream === other) return;
    }
  }
}
