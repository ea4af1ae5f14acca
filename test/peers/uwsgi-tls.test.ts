/** Ours in front of uWSGI with its own protocol inside TLS: what nginx calls `suwsgi://` is `tls` of the upstream here. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { writeCertificate } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';
import { ownLoopback } from '../support/peers/peer.ts';
import { NO_UWSGI, startUwsgiFile } from '../support/peers/uwsgi.ts';
import { RawClient } from '../support/raw-client.ts';
import { APPS, startServer } from '../support/vivarium.ts';

const PORT = 8006;

test('uwsgi inside TLS, of a server with the right certificate only', { skip: NO_UWSGI }, async (t) => {
  const host = ownLoopback();
  const folder = makeFolder(t);
  const { certificate, key } = writeCertificate(folder, 'behind', [host]);
  await startUwsgiFile(
    t,
    `[uwsgi]
plugin = python3
master = true
die-on-term = true
need-app = true
suwsgi-socket = ${host}:${PORT},${certificate},${key}
chdir = ${APPS}
module = pep3333:application
`,
  );
  const cwd = makeFolder(t, {
    'vivarium.toml': `
[upstreams.trusted]
servers = ["uwsgi://${host}:${PORT}"]
tls = { ca-file = "${certificate}" }
[upstreams.strange]
servers = ["uwsgi://${host}:${PORT}"]
tls = true
[[routes]]
match = "/strange/*"
proxy = "strange"
[[routes]]
proxy = "trusted"
`,
  });
  const server = await startServer([], { cwd });
  t.after(() => server.stop());
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  assert.equal((await client.get('/hello')).text, 'hello\n');
  const { text } = await client.post('/upload', Buffer.alloc(1_000_000));
  assert.equal(JSON.parse(text).length, 1_000_000);
  assert.equal((await client.get('/big?size=3000000')).body.length, 3_000_000);
  assert.equal((await client.get('/strange/hello')).status, 502);
  await server.waitForOutput(/upstream-failed: .*\/strange\/hello: .* self-signed certificate/);
});
