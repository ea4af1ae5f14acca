/** The configuration that the guides print works: each pair of blocks is run, with other names for files and sockets. */
import assert from 'node:assert/strict';
import { chmodSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { NO_APACHE, startApache } from '../support/peers/apache.ts';
import { NO_GUNICORN, startGunicornFile } from '../support/peers/gunicorn.ts';
import { NO_NGINX, startNginx } from '../support/peers/nginx.ts';
import { IS_ROOT, ownLoopback } from '../support/peers/peer.ts';
import { NO_UWSGI, startUwsgiFile } from '../support/peers/uwsgi.ts';
import { type Destination, RawClient, type Response } from '../support/raw-client.ts';
import { VivariumProcess } from '../support/vivarium.ts';

/** What an application is told of the request. */
const APPLICATION = `
import os
NAMES = ("REMOTE_ADDR", "SCRIPT_NAME", "PATH_INFO", "wsgi.url_scheme")

def application(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    told = [environ.get(name, "") for name in NAMES] + [os.environ.get("SHOP_STAGE", "")]
    return [" ".join(told).strip().encode("latin-1")]
`;

interface Printed {
  readonly toml: string;
  readonly other: string;
}

/** Each block of the other language with the file of ours beside it, whichever comes first. */
function printed(guide: string, language: string): Printed[] {
  const text = readFileSync(new URL(`../../docs/guide/${guide}.md`, import.meta.url), 'utf8');
  const blocks = [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map(([, kind, block]) => ({ kind, block }));
  const found: Printed[] = [];
  for (let n = 0; n + 1 < blocks.length; n += 2) {
    const [toml, other] = ['toml', language].map((wanted) =>
      blocks.slice(n, n + 2).find(({ kind }) => kind === wanted),
    );
    assert.ok(toml && other, `${guide}: block ${n + 1} and the next are no pair`);
    found.push({ toml: toml.block!, other: other.block! });
  }
  assert.equal(blocks.length, 2 * found.length);
  return found;
}

type Owner = Parameters<typeof makeFolder>[0];

/** The folder that takes the place of /srv/shop and /run. */
function shop(t: Owner): string {
  const folder = makeFolder(t, {
    'wsgi.py': APPLICATION,
    'shop/__init__.py': '',
    'shop/wsgi.py': APPLICATION,
    'static/a.txt': 'a file\n',
  });
  chmodSync(folder, 0o755);
  return folder;
}

function placed(text: string, folder: string): string {
  const group = IS_ROOT ? 'www-data' : String(process.getgid!());
  return text
    .replaceAll('/srv/shop', folder)
    .replaceAll('/run/', `${folder}/`)
    .replaceAll(':www-data', `:${group}`)
    .replaceAll(/include (\w+_params)/g, 'include /etc/nginx/$1');
}

async function serve(t: Owner, folder: string, toml: string): Promise<void> {
  const cwd = makeFolder(t, { 'vivarium.toml': placed(toml, folder) });
  const server = new VivariumProcess(['serve', '--processes', '1'], { cwd });
  t.after(() => server.stop());
  await server.waitForOutput(/^Access Log/m);
}

async function get(to: Destination, host: string, path: string): Promise<Response> {
  const client = await RawClient.open(to);
  try {
    await client.send(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
    return await client.readResponse();
  } finally {
    client.close();
  }
}

/** Both guides show the same three things: a site of its own, over several protocols, and one below a path. */
async function assertServed(to: Destination, configuration: string): Promise<void> {
  const isBelow = /(location|ProxyPass) \/shop\//.test(configuration);
  const host = isBelow ? 'example.org' : 'shop.example.org';
  const { status, text } = await get(to, host, isBelow ? '/shop/a%20b' : '/a%20b');
  assert.deepEqual([status, text], [200, `127.0.0.1 ${isBelow ? '/shop' : ''} /a b http`]);
  if (configuration.includes('/static/'))
    assert.equal((await get(to, host, '/static/a.txt')).text, 'a file\n');
}

describe('behind nginx', { skip: NO_NGINX }, () => {
  for (const [n, { toml, other }] of printed('behind-nginx', 'nginx').entries()) {
    test(`configuration ${n + 1}`, async (t) => {
      const folder = shop(t);
      await serve(t, folder, toml);
      const host = ownLoopback();
      await startNginx(t, () => ({
        http: placed(other, folder).replace('listen 80', `listen ${host}:8004`),
      }));
      await assertServed({ host, port: 8004 }, other);
    });
  }
});

describe('behind Apache', { skip: NO_APACHE }, () => {
  for (const [n, { toml, other }] of printed('behind-apache', 'apache').entries()) {
    test(`configuration ${n + 1}`, async (t) => {
      const folder = shop(t);
      await serve(t, folder, toml);
      const { to } = await startApache(t, () => placed(other, folder).replace('*:80', '*'));
      await assertServed(to, other);
    });
  }
});

/** What the old server says, and then what ours says on the same socket. */
async function assertSame(
  t: Owner,
  folder: string,
  toml: string,
  old: () => Promise<{ stop(): Promise<unknown> }>,
  ask: () => Promise<Response>,
): Promise<void> {
  const before = await old();
  const wanted = (await ask()).text;
  assert.match(wanted, / http live$/);
  await before.stop();
  await serve(t, folder, toml);
  assert.equal((await ask()).text.replace('127.0.0.1', ''), wanted.replace('127.0.0.1', ''));
}

test('from gunicorn', { skip: NO_GUNICORN }, async (t) => {
  const folder = shop(t);
  const [{ toml, other }] = printed('from-gunicorn', 'python') as [Printed];
  const old = async () => (await startGunicornFile(t, placed(other, folder))).process;
  await assertSame(t, folder, toml, old, () => get(`${folder}/shop.sock`, 'shop.example.org', '/a%20b'));
});

test('from uWSGI', { skip: NO_UWSGI || NO_NGINX }, async (t) => {
  const folder = shop(t);
  const [{ toml, other }] = printed('from-uwsgi', 'ini') as [Printed];
  const [{ other: nginx }] = printed('behind-nginx', 'nginx') as [Printed];
  const host = ownLoopback();
  await startNginx(t, () => ({ http: placed(nginx, folder).replace('listen 80', `listen ${host}:8004`) }));
  const old = async () => (await startUwsgiFile(t, placed(other, folder))).process;
  await assertSame(t, folder, toml, old, () => get({ host, port: 8004 }, 'shop.example.org', '/a%20b'));
});
