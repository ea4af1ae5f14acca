/** A server in front of a raw upstream server, for the scenarios of the reverse proxy: whoever imports it has it started. */
import { after, before } from 'node:test';
import { makeFolder } from './folder.ts';
import { RawClient } from './raw-client.ts';
import { RawUpstream, type UpstreamPeer } from './raw-upstream.ts';
import { type Server, startServer } from './vivarium.ts';

export type Context = { after(fn: () => void): void };

export let server: Server;
export let upstream: RawUpstream;
const cleanups: (() => void)[] = [];
const suite = { after: (then: () => void) => void cleanups.push(then) };

/** Says what it was given. */
const APPLICATION = `
def application(environ, start_response):
    body = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"%s %d" % (environ.get("CONTENT_LENGTH", "none").encode(), len(body))]
`;

before(async () => {
  upstream = await RawUpstream.open(suite);
  const folder = makeFolder(suite, {
    'wsgi.py': APPLICATION,
    'vivarium.toml': `
application = "wsgi.py"
processes = 1
limit-request-body = "1m"
[upstreams.once]
servers = ["127.0.0.1:${upstream.port}"]
keep-alive = 0
[upstreams.kept]
servers = ["127.0.0.1:${upstream.port}"]
[upstreams.narrow]
servers = [{ address = "127.0.0.1:${upstream.port}", max-connections = 1 }]
[[routes]]
match = "/kept/*"
proxy = "kept"
[[routes]]
match = "/narrow/*"
proxy = "narrow"
[[routes]]
match = "/below/*"
proxy = { to = "http://127.0.0.1:${upstream.port}/v1/", via = "vivarium", host = "upstream" }
[[routes]]
match = "/quick/*"
proxy = { to = "once", read-timeout = "200ms" }
[[routes]]
match = "/collected/*"
proxy = { to = "once", request-buffering = true }
[[routes]]
match = "/cookies"
[routes.proxy]
to = "once"
cookie-domains = { "internal" = "example.org" }
cookie-paths = { "/v1" = "/api" }
redirects = { "http://internal/" = "/" }
[[routes]]
match = { not = "/app" }
proxy = "once"
`,
  });
  server = await startServer([], { cwd: folder });
});
after(async () => {
  // First of all: what is open would keep a suite that could not start from ending.
  for (const cleanup of cleanups) cleanup();
  await server.stop();
});

export async function open(t: Context): Promise<RawClient> {
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  return client;
}

/** Sends a request of which only the head matters, and returns both ends. */
export async function ask(
  t: Context,
  line: string,
  fields: string[] = [],
): Promise<[RawClient, UpstreamPeer, string]> {
  const client = await open(t);
  await client.request(line, fields);
  const peer = await upstream.accept();
  t.after(() => peer.close());
  return [client, peer, await peer.readHead()];
}
