/** The cache of a real server: one run for many clients, what outlives reloads, crashes and restarts, and purges. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeFolder } from '../support/folder.ts';
import { getOnce, RawClient } from '../support/raw-client.ts';
import { APPS, runVivarium, type Server, startServer } from '../support/vivarium.ts';

interface Site {
  readonly folder: string;
  readonly root: string;
  start(...flags: readonly string[]): Promise<Server>;
  runs(): number;
}

function siteOf(t: Parameters<typeof makeFolder>[0], more = ''): Site {
  const toml = `[cache]\n[cache-store]\ndirectory = "kept"\n${more}`;
  const folder = makeFolder(t, { 'vivarium.toml': toml, count: '' });
  const root = join(folder, 'root');
  return {
    folder,
    root,
    async start(...flags) {
      const server = await startServer([
        `${APPS}cached.py`,
        ...['--config', join(folder, 'vivarium.toml'), '--server-root', root],
        ...['--setenv', 'COUNT_FILE', join(folder, 'count'), '--no-access-log', ...flags],
      ]);
      t.after(() => server.stop());
      return server;
    },
    runs: () => readFileSync(join(folder, 'count')).length,
  };
}

async function textOf(server: Server, path: string, fields: readonly string[] = []): Promise<string> {
  return (await getOnce(server.port, path, fields)).text;
}

/** The files that hold answers. */
function filesOf({ folder }: Site): string[] {
  const kept = join(folder, 'kept');
  return readdirSync(kept).flatMap((shard) =>
    readdirSync(join(kept, shard)).map((name) => join(kept, shard, name)),
  );
}

test('many clients that ask at once are one run of the application', async (t) => {
  const site = siteOf(t);
  const server = await site.start('--processes', '2', '--threads', '8');
  const gate = join(site.folder, 'go');
  const path = `/slow?wait=${gate}`;
  const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.open(server.port)));
  for (const client of clients) await client.request(`GET ${path}`);
  // The server has read them when it answers what comes after them.
  await textOf(server, '/other');
  writeFileSync(gate, '');
  const texts = await Promise.all(clients.map(async (client) => (await client.readResponse()).text));
  for (const client of clients) client.close();
  assert.equal(new Set(texts).size, 1, texts.join());
  // Which of the two was run first is left to the processes.
  assert.equal(site.runs(), 2);
});

test('what is kept on disk outlives the gateway and the server', async (t) => {
  const site = siteOf(t);
  const first = await site.start();
  assert.equal(await textOf(first, '/'), 'run 1');
  assert.equal(await textOf(first, '/', ['Accept-Encoding: br']), 'run 2');
  const restarted = await runVivarium(['restart', '--server-root', site.root]);
  assert.equal(restarted.code, 0, restarted.output);
  assert.equal(await textOf(first, '/'), 'run 1');
  await first.stop();
  const second = await site.start();
  assert.equal(await textOf(second, '/'), 'run 1');
  assert.equal(await textOf(second, '/', ['Accept-Encoding: BR']), 'run 2');
  assert.equal(site.runs(), 2);
});

test('a file that is not what was written is thrown away', async (t) => {
  const site = siteOf(t);
  const first = await site.start();
  for (const path of ['/a', '/b', '/c']) await textOf(first, path);
  await first.stop();
  const files = filesOf(site);
  assert.ok(files.length >= 3);
  files.forEach((file, i) => {
    if (i % 2 === 0) truncateSync(file, 60);
    else writeFileSync(file, readFileSync(file, 'latin1').replace('run', 'RUN'), 'latin1');
  });
  const second = await site.start();
  for (const [i, path] of ['/a', '/b', '/c'].entries())
    assert.equal(await textOf(second, path), `run ${i + 4}`);
});

test('purged by command, from memory and disk', async (t) => {
  const site = siteOf(t);
  const server = await site.start();
  const url = 'http://localhost';
  const purge = async (...what: string[]) => {
    const { code, output } = await runVivarium(['purge', ...what, '--server-root', site.root]);
    return `${code} ${output}`;
  };
  for (const path of ['/a', '/a?tag=x', '/b?tag=x', '/c']) await textOf(server, path);
  assert.equal(await purge('HTTP://LOCALHOST:80/a'), '0 purged: 1 answer\n');
  assert.equal(await textOf(server, '/a'), 'run 5');
  assert.equal(await purge('--tag', 'x'), '0 purged: 2 answers\n');
  assert.equal(await purge('--prefix', `${url}/c`), '0 purged: 1 answer\n');
  assert.equal(await textOf(server, '/c'), 'run 6');
  assert.match(await purge('--all'), /^0 purged: \d+ answers\n$/);
  assert.deepEqual(filesOf(site), []);
  assert.equal(await textOf(server, '/a'), 'run 7');
  assert.match(await purge(), /^2 vivarium purge: found nothing; allowed: one of URL, --prefix URL/);
  assert.match(await purge('/a'), /^2 vivarium purge: found "\/a"; allowed: a URL like /);
});

test('purged by the admin listener', async (t) => {
  const site = siteOf(t);
  const server = await site.start('--admin-listen', '127.0.0.1:0');
  const admin = Number(/Admin URL +: http:\/\/127\.0\.0\.1:(\d+)/.exec(server.output)![1]);
  const post = async (query: string, method = 'POST') => {
    const client = await RawClient.open(admin);
    client.send(
      `${method} /purge${query} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
    );
    const { status, text } = await client.readResponse();
    client.close();
    return `${status} ${text}`;
  };
  assert.equal(await textOf(server, '/'), 'run 1');
  assert.equal(
    await post(`?url=${encodeURIComponent('http://localhost/')}`),
    '200 {"purged":1,"caches":1}\n',
  );
  assert.equal(await textOf(server, '/'), 'run 2');
  assert.equal((await post('?all')).slice(0, 3), '200');
  for (const query of ['', '?x=1', '?url=', '?all=1', '?tag=a&tag=b'])
    assert.equal((await post(query)).slice(0, 3), '400', query);
  assert.equal((await post('?all', 'GET')).slice(0, 3), '405');
  const { text } = await getOnce(admin, '/metrics');
  assert.match(text, /^vivarium_cache_requests_total\{result="miss"\} 2$/m);
  assert.match(text, /^vivarium_cache_entries\{place="memory"\} 0$/m);
});

test('one answer while the next is made, and in place of an error', async (t) => {
  const site = siteOf(t);
  const server = await site.start();
  const path = '/?cc=max-age%3D0,stale-while-revalidate%3D3600,stale-if-error%3D3600';
  assert.equal(await textOf(server, path), 'run 1');
  const { text, get } = await getOnce(server.port, path);
  assert.equal(text, 'run 1');
  assert.match(get('cache-status')!, /^vivarium; hit; ttl=-?\d+$/);
});

test('a server without a cache says so when it is to purge', async (t) => {
  const folder = makeFolder(t, { count: '' });
  const server = await startServer([
    `${APPS}cached.py`,
    ...['--setenv', 'COUNT_FILE', join(folder, 'count'), '--server-root', join(folder, 'root')],
  ]);
  t.after(() => server.stop());
  const { code, output } = await runVivarium(['purge', '--all', '--server-root', join(folder, 'root')]);
  assert.equal(code, 1);
  assert.equal(output, 'vivarium purge: nothing is cached here: no cache in the configuration\n');
});
