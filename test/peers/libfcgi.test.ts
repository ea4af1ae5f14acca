/** Ours in front of libfcgi, which keeps a connection when it is asked to. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { NO_LIBFCGI, startLibfcgi } from '../support/peers/libfcgi.ts';
import { RawClient } from '../support/raw-client.ts';
import { startServer } from '../support/vivarium.ts';

for (const kept of [0, 1]) {
  test(`requests, uploads and error output, ${kept} connections kept`, { skip: NO_LIBFCGI }, async (t) => {
    const { folder } = await startLibfcgi(t);
    const cwd = makeFolder(t, {
      'vivarium.toml': `
[upstreams.perl]
servers = [{ address = "fastcgi://unix:${folder}/one.sock", max-connections = 1 }]
keep-alive = ${kept}
[[routes]]
proxy = "perl"
`,
    });
    const server = await startServer([], { cwd });
    t.after(() => server.stop());
    const client = await RawClient.open(server.port);
    t.after(() => client.close());
    for (const size of [0, 1, 65_536, 1_000_000]) {
      const { status, text } = await client.post(`/a%20b/${size}?${size}`, Buffer.alloc(size));
      assert.deepEqual([status, text.length], [201, `POST /a b/${size} ${size}\n`.length + size]);
      assert.ok(text.startsWith(`POST /a b/${size} ${size}\n`));
      await server.waitForOutput(new RegExp(`upstream-stderr: .*noticed /a b/${size}$`, 'm'));
    }
  });
}
