/** Below a path of nginx and of Apache, over each gateway protocol, as the guides say it is set up: what an application sees. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { Cleanups } from '../support/cleanups.ts';
import { MERGED, MOUNTED_PATHS } from '../support/mount-cases.ts';
import { NO_APACHE, startApache } from '../support/peers/apache.ts';
import { NO_NGINX, startNginx } from '../support/peers/nginx.ts';
import { ownLoopback } from '../support/peers/peer.ts';
import { type Destination, RawClient } from '../support/raw-client.ts';
import { APPS, startServer } from '../support/vivarium.ts';

const PROTOCOLS = ['uwsgi', 'scgi', 'fastcgi'] as const;
const NGINX_PORT = 8008;

const suite = new Cleanups();
const ports: Record<string, string> = {};
before(async () => {
  const listens = ['', ...PROTOCOLS.map((name) => `${name}://`)].flatMap((scheme) => [
    '--listen',
    `${scheme}127.0.0.1:0`,
  ]);
  const server = await startServer([`${APPS}pep3333.py`, '--processes', '1', ...listens]);
  suite.after(() => server.stop());
  for (const name of PROTOCOLS)
    ports[name] = new RegExp(` ${name}://127\\.0\\.0\\.1:(\\d+)`).exec(server.output)![1]!;
});
after(() => suite.run());

async function assertMounted(to: Destination, host: string, uri: string, pathInfo: string): Promise<void> {
  const client = await RawClient.open(to);
  try {
    await client.send(`GET ${uri} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    const { SCRIPT_NAME, PATH_INFO, REQUEST_URI } = JSON.parse((await client.readResponse()).text);
    assert.deepEqual([SCRIPT_NAME, PATH_INFO, REQUEST_URI], ['/m', pathInfo, uri]);
  } finally {
    client.close();
  }
}

describe('nginx', { skip: NO_NGINX }, () => {
  const host = ownLoopback();
  before(async () => {
    const site = (name: string) => `
  server {
    listen ${host}:${NGINX_PORT};
    server_name ${name}.test;
    location /m/ {
      include /etc/nginx/${name}_params;
      ${name}_param SCRIPT_NAME /m;
      ${name}_pass 127.0.0.1:${ports[name]};
    }
  }`;
    await startNginx(suite, () => ({ http: PROTOCOLS.map(site).join('') }));
  });

  for (const name of PROTOCOLS)
    for (const path of MOUNTED_PATHS) {
      // Only uwsgi_params has PATH_INFO, in which slashes are merged.
      const [uri, pathInfo] = name === 'uwsgi' && path[0] === MERGED[0] ? MERGED : path;
      test(`${name}: ${uri}`, () => assertMounted({ host, port: NGINX_PORT }, `${name}.test`, uri, pathInfo));
    }
});

describe('Apache', { skip: NO_APACHE }, () => {
  let to: Destination;
  before(async () => {
    // With the <Location> that most have, for CGIPassAuth.
    const site = (name: string) => `
<VirtualHost *>
  ServerName ${name}.test
  AllowEncodedSlashes NoDecode
  MergeSlashes Off
  ProxyPass /m/ ${name === 'fastcgi' ? 'fcgi' : name}://127.0.0.1:${ports[name]}/
  <Location /m/>
    CGIPassAuth On
  </Location>
</VirtualHost>`;
    ({ to } = await startApache(suite, () => PROTOCOLS.map(site).join('')));
  });

  for (const name of PROTOCOLS)
    for (const [uri, pathInfo] of MOUNTED_PATHS) {
      const cannot = name === 'uwsgi' && uri.includes('%2F') && 'it refuses escaped slashes itself';
      test(`${name}: ${uri}`, { skip: cannot }, () => assertMounted(to, `${name}.test`, uri, pathInfo));
    }
});
