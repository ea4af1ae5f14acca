/** A browser that has a page over HTTP/2 opens its WebSocket on the same connection (RFC 8441). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Browser, browserMissing } from '../support/browser.ts';
import { writeCertificate } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';
import { startTlsServer } from '../support/tls-server.ts';
import { APPS } from '../support/vivarium.ts';
import { startWebSocketServer } from '../support/websocket-server.ts';

test('a WebSocket of a browser over HTTP/2', { skip: browserMissing }, async (t) => {
  const port = await startWebSocketServer(t);
  const folder = makeFolder(t, {
    'vivarium.toml': `[[routes]]\nmatch = "/socket"\nproxy = "http://127.0.0.1:${port}"\n`,
  });
  writeCertificate(folder, 'site', ['127.0.0.1']);
  const options = ['--config', `${folder}/vivarium.toml`, '--ssl-certificate', `${folder}/site`];
  const server = await startTlsServer([`${APPS}pep3333.py`, '--processes', '1', ...options]);
  t.after(() => server.stop());
  const browser = await Browser.open(['--ignore-certificate-errors']);
  t.after(() => browser.close());
  await browser.goTo(`https://127.0.0.1:${server.httpsPort}/hello`);
  const said = await browser.evaluate(`new Promise((resolve) => {
    const socket = new WebSocket('wss://127.0.0.1:${server.httpsPort}/socket');
    const said = [];
    socket.onopen = () => socket.send('hello');
    socket.onmessage = ({ data }) => { said.push(data); socket.close(1000); };
    socket.onclose = ({ code, wasClean }) => resolve([...said, code, wasClean]);
  })`);
  assert.deepEqual(said, ['hello', 1000, true]);
  await server.waitForOutput(/"GET \/socket HTTP\/2\.0" 101 /);
});
