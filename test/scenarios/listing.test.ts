/** The listing of a directory, as people see it in a browser. */
import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { Browser, browserMissing } from '../support/browser.ts';
import { makeFolder } from '../support/folder.ts';
import { startServer } from '../support/vivarium.ts';

const HOSTILE = '<img src=x onerror=document.title="run"> & "quotes"';

test('sorts by its headings, opens what is clicked, runs nothing, and is light or dark', {
  skip: browserMissing,
  timeout: 120_000,
}, async (t) => {
  const folder = makeFolder(t, {
    'app.py':
      'def application(environ, start_response):\n    start_response("200 OK", [])\n    return [b""]\n',
    'files/b.txt': 'x'.repeat(10),
    'files/a.txt': 'x'.repeat(2000),
  });
  mkdirSync(`${folder}/files/${HOSTILE}`);
  writeFileSync(`${folder}/files/${HOSTILE}/inside.txt`, '');
  const alias = ['--url-alias', '/files', `${folder}/files`, '--directory-listing'];
  const server = await startServer([`${folder}/app.py`, '--processes', '1', ...alias]);
  t.after(() => server.stop());
  const browser = await Browser.open();
  t.after(() => browser.close());

  const names = () =>
    browser.evaluate<string[]>('[...document.querySelectorAll("td a")].map((link) => link.textContent)');
  const click = (selector: string) =>
    browser.loads(() => browser.evaluate(`document.querySelector(${JSON.stringify(selector)}).click()`));

  await browser.goTo(`${server.url}/files/`);
  assert.deepEqual(await names(), [`${HOSTILE}/`, 'a.txt', 'b.txt']);
  assert.equal(await browser.evaluate('document.title'), 'Index of /files/');
  assert.equal(await browser.evaluate('document.querySelectorAll("img, script").length'), 0);
  await click('th:nth-child(2) a');
  assert.deepEqual(await names(), [`${HOSTILE}/`, 'b.txt', 'a.txt']);
  await click('th:nth-child(2) a');
  assert.deepEqual(await names(), [`${HOSTILE}/`, 'a.txt', 'b.txt']);

  // The style is applied: the policy of the page allows it.
  assert.equal(
    await browser.evaluate('getComputedStyle(document.querySelector("table")).borderCollapse'),
    'collapse',
  );
  const colorIn = async (value: string) => {
    await browser.command('Emulation.setEmulatedMedia', {
      features: [{ name: 'prefers-color-scheme', value }],
    });
    return browser.evaluate<string>('getComputedStyle(document.body).color');
  };
  assert.notEqual(await colorIn('dark'), await colorIn('light'));

  await click('td a');
  assert.deepEqual(await names(), ['../', 'inside.txt']);
  await click('td a');
  assert.equal(await browser.evaluate('location.pathname'), '/files/');
});
