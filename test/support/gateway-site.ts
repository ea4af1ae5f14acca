/** A server in front of raw servers that speak gateway protocols, for scenarios: whoever imports it has it started. */
import assert from 'node:assert/strict';
import { after, before } from 'node:test';
import { makeFolder } from './folder.ts';
import { RawClient } from './raw-client.ts';
import { RawUpstream, type UpstreamPeer } from './raw-upstream.ts';
import { type Server, startServer } from './vivarium.ts';

export type Context = { after(fn: () => void): void };

export let server: Server;
export let folder: string;
export let scgi: RawUpstream;
export let fastcgi: RawUpstream;
/** An SCGI server that is only asked whether it is well. */
export let checked: RawUpstream;
const cleanups: (() => void)[] = [];
const suite = { after: (then: () => void) => void cleanups.push(then) };

before(async () => {
  scgi = await RawUpstream.open(suite);
  fastcgi = await RawUpstream.open(suite);
  checked = await RawUpstream.open(suite);
  folder = makeFolder(suite, {
    'private/report.txt': 'the report',
    'vivarium.toml': `
[upstreams.kept]
servers = ["fastcgi://127.0.0.1:${fastcgi.port}"]
keep-alive = 4
[upstreams.pair]
servers = ["scgi://unix:nobody.sock", "scgi://127.0.0.1:${scgi.port}"]
max-fails = 0
[upstreams.checked]
servers = ["scgi://127.0.0.1:${checked.port}"]
health-check = { path = "/health?x=1", interval = 600, timeout = 600, params = { PING = "pong" } }
[[routes]]
match = "/pair/*"
proxy = "pair"
[[routes]]
match = "/checked/*"
proxy = "checked"
[[routes]]
match = "/fast/*"
proxy = "kept"
[[routes]]
match = "/quick/*"
proxy = { to = "scgi://127.0.0.1:${scgi.port}", read-timeout = "200ms" }
[[routes]]
match = "/mounted/*"
proxy = { to = "scgi://127.0.0.1:${scgi.port}/", pass-authorization = true, params = { APP_MODE = "live {query.mode}", SERVER_NAME = "inner" } }
[[routes]]
match = "/custom/*"
proxy = { to = "scgi://127.0.0.1:${scgi.port}", internal-redirect = "X-Internal" }
[[routes]]
match = "/plain/*"
proxy = { to = "scgi://127.0.0.1:${scgi.port}", internal-redirect = "off" }
[[routes]]
match = "/cached/*"
cache = true
proxy = "scgi://127.0.0.1:${scgi.port}"
[[routes]]
match = "/sent/*"
sendfile = "private"
proxy = "scgi://127.0.0.1:${scgi.port}"
[[routes]]
match = { path = "/private/*", internal = true }
files = "private"
[[routes]]
match = "/private/*"
respond = 403
[[routes]]
proxy = "scgi://127.0.0.1:${scgi.port}"
`,
  });
  server = await startServer([], { cwd: folder });
});
after(async () => {
  for (const cleanup of cleanups) cleanup();
  await server.stop();
});

export async function open(t: Context): Promise<RawClient> {
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  return client;
}

/** Sends a request to an SCGI server, and returns both ends and what the server got of its head. */
export async function ask(
  t: Context,
  line: string,
  fields: string[] = [],
  body = '',
): Promise<[RawClient, UpstreamPeer, Map<string, string>]> {
  const client = await open(t);
  const accepting = scgi.accept();
  await client.request(line, fields, body);
  const [peer, variables] = await acceptScgi(t, accepting);
  return [client, peer, variables];
}

export async function acceptScgi(
  t: Context,
  accepting: Promise<UpstreamPeer> = scgi.accept(),
): Promise<[UpstreamPeer, Map<string, string>]> {
  const peer = await accepting;
  t.after(() => peer.close());
  const count = Number((await peer.readThrough(':')).slice(0, -1));
  const text = await peer.read(count + 1);
  assert.ok(text.endsWith('\0,'));
  const parts = text.slice(0, -2).split('\0');
  const variables = new Map<string, string>();
  for (let i = 0; i < parts.length; i += 2) variables.set(parts[i]!, parts[i + 1]!);
  assert.equal(variables.size * 2, parts.length, 'a name twice');
  return [peer, variables];
}

/** A whole answer of an SCGI server, which ends with the connection. */
export async function answerScgi(peer: UpstreamPeer, text: string): Promise<void> {
  await peer.send(text);
  peer.socket.end();
}
