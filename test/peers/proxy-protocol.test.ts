/** The PROXY protocol as real proxies speak it: HAProxy in both versions, nginx. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { writeCertificate } from '../support/certificates.ts';
import { Cleanups } from '../support/cleanups.ts';
import { makeFolder } from '../support/folder.ts';
import { NO_HAPROXY, startHaproxy } from '../support/peers/haproxy.ts';
import { NO_NGINX_STREAM, startNginx } from '../support/peers/nginx.ts';
import { ownLoopback } from '../support/peers/peer.ts';
import { RawClient } from '../support/raw-client.ts';
import { APPS, type Server, startServer } from '../support/vivarium.ts';

let server: Server;
let httpsPort: number;
let socketPath: string;
const suite = new Cleanups();
before(async () => {
  const folder = makeFolder(suite);
  socketPath = `${folder}/socket`;
  writeCertificate(folder, 'site', ['127.0.0.1']);
  server = await startServer([
    ...[`${APPS}pep3333.py`, '--processes', '1', '--trust-proxy', '127.0.0.1', '--trust-proxy', 'unix:'],
    ...['--listen', 'proxy://127.0.0.1:0', '--listen', `proxy://unix:${socketPath}`],
    ...['--listen', 'proxy+https://127.0.0.1:0', '--ssl-certificate', `${folder}/site`],
  ]);
  suite.after(() => server.stop());
  httpsPort = Number(/https:\/\/127\.0\.0\.1:(\d+)/.exec(server.output)![1]);
});
after(() => suite.run());

/** Asks twice on one connection, and sees itself both times. */
async function assertClientSeen(to: { readonly host?: string; readonly port: number }): Promise<void> {
  const client = await RawClient.open(to);
  try {
    for (const target of ['/echo?1', '/echo?2']) {
      const environ = JSON.parse((await client.get(target)).text);
      assert.equal(environ.REMOTE_ADDR, '127.0.0.1');
      assert.equal(environ.REMOTE_PORT, String(client.socket.localPort));
    }
  } finally {
    client.close();
  }
}

describe('HAProxy', { skip: NO_HAPROXY }, () => {
  for (const version of ['send-proxy', 'send-proxy-v2']) {
    for (const mode of ['tcp', 'http'] as const) {
      test(`${version} in ${mode} mode`, async (t) => {
        await assertClientSeen(await startHaproxy(t, mode, `127.0.0.1:${server.port} ${version}`));
      });
    }

    test(`${version} to a Unix socket`, async (t) => {
      await assertClientSeen(await startHaproxy(t, 'tcp', `unix@${socketPath} ${version}`));
    });

    test(`${version} before TLS`, async (t) => {
      const target = `127.0.0.1:${httpsPort} ssl verify none ${version}`;
      await assertClientSeen(await startHaproxy(t, 'http', target));
    });

    test(`${version} of health checks`, async (t) => {
      const target = `127.0.0.1:${server.port} ${version} check inter 50ms fall 1000 check-send-proxy`;
      const haproxy = await startHaproxy(t, 'tcp', target);
      await haproxy.process.waitForOutput(/Health check for server back\/one succeeded/);
      await assertClientSeen(haproxy);
    });
  }
});

describe('nginx', { skip: NO_NGINX_STREAM }, () => {
  for (const [where, target] of [
    ['to a port', () => `127.0.0.1:${server.port}`],
    ['to a Unix socket', () => `unix:${socketPath}`],
  ] as const) {
    test(`stream with proxy_protocol, ${where}`, async (t) => {
      const host = ownLoopback();
      await startNginx(t, () => ({
        stream: `server { listen ${host}:8001; proxy_pass ${target()}; proxy_protocol on; }`,
      }));
      await assertClientSeen({ host, port: 8001 });
    });
  }
});
