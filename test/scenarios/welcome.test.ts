/** The bundled example, as `npm start` serves it: every page does what it shows. */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { RawClient } from '../support/raw-client.ts';
import { ROOT, type Server, startServer } from '../support/vivarium.ts';

let server: Server;
before(async () => {
  server = await startServer([`${ROOT}examples/welcome`, '--processes', '1']);
});
after(() => server.stop());

test('every page that the navigation names is there', async () => {
  const start = await (await fetch(`${server.url}/`)).text();
  const links = [...start.matchAll(/href="(\/[^"]*)"/g)].map(([, link]) => link!);
  assert.ok(links.includes('/static/welcome.css') && links.includes('/environ'));
  for (const link of new Set(links)) {
    const response = await fetch(server.url + link);
    assert.equal(response.status, 200, link);
    await response.body?.cancel();
  }
  assert.equal((await fetch(`${server.url}/nowhere`)).status, 404);
});

test('a form is shown with its characters escaped', async () => {
  const body = new URLSearchParams({ name: '<b>Zoë</b>', message: '"&' });
  const page = await (await fetch(`${server.url}/form`, { method: 'POST', body })).text();
  assert.ok(page.includes('&lt;b&gt;Zoë&lt;/b&gt;') && page.includes('&quot;&amp;'), page);
});

test('an upload is shown with its name, size and SHA-256', async () => {
  const content = randomBytes(1_234_567);
  const body = new FormData();
  body.set('file', new Blob([content]), 'a <b>.bin');
  const page = await (await fetch(`${server.url}/upload`, { method: 'POST', body })).text();
  for (const part of [
    'a &lt;b&gt;.bin',
    '1,234,567 bytes',
    createHash('sha256').update(content).digest('hex'),
  ]) {
    assert.ok(page.includes(part), part);
  }
});

test('the stream comes in pieces', async (t) => {
  const client = await RawClient.open(server.port);
  t.after(() => client.close());
  await client.request('GET /stream');
  await client.readHead();
  // More pieces than a server that collects them would send for so short a page.
  assert.match((await client.readChunk())!.toString(), /<ol class='stream'>$/);
  assert.equal((await client.readChunk())!.toString(), '<li>1</li>\n');
  assert.equal((await client.readChunk())!.toString(), '<li>2</li>\n');
});

test('the environ hides what belongs to the visitor', async () => {
  const page = await (await fetch(`${server.url}/environ`, { headers: { cookie: 'secret=1' } })).text();
  assert.ok(page.includes('HTTP_COOKIE') && page.includes('REQUEST_METHOD'));
  assert.ok(!page.includes('secret=1'));
});
