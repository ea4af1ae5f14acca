/** Certificates of clients, asked for where a site or a route needs them, with real clients. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { curl, sClient, writeCertificate, writeRsaCertificate } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';
import { startTlsServer } from '../support/tls-server.ts';
import { runVivarium } from '../support/vivarium.ts';

const CONFIGURATION = `
ssl-ca-certificate-file = "alice.crt"
ssl-certificate = ["staff", "shop"]

[[sites]]
hosts = ["staff.example"]
routes = [
  { match = "/bob/*", client-certificate = { common-name = "bob*" } },
  { match = "/admin/*", client-certificate = true },
  { respond = { body = "seen" } },
]

[[sites]]
hosts = ["shop.example"]
routes = [{ respond = { body = "sold" } }]
`;

async function serve(t: TestContext) {
  const folder = makeFolder(t, { 'vivarium.toml': CONFIGURATION });
  for (const name of ['staff', 'shop']) writeCertificate(folder, name, [`${name}.example`]);
  const alice = writeRsaCertificate(folder, 'alice', 'alice.example');
  const mallory = writeRsaCertificate(folder, 'mallory', 'mallory.example');
  const server = await startTlsServer(['--config', `${folder}/vivarium.toml`]);
  t.after(() => server.stop());
  const { httpsPort: port } = server;
  const ask = (site: string, path: string, ...args: string[]) => {
    const known = ['--cacert', `${folder}/${site}.crt`, '--resolve', `${site}.example:${port}:127.0.0.1`];
    return curl(...known, ...args, `https://${site}.example:${port}${path}`);
  };
  const shows = ({ certificate, key }: typeof alice) => ['--cert', certificate, '--key', key];
  return { server, ask, alice: shows(alice), mallory: shows(mallory) };
}

test('a route needs one, the others of its site do not', async (t) => {
  const { ask, alice, mallory } = await serve(t);
  assert.match(await ask('staff', '/'), /seen\n200$/);
  assert.match(await ask('staff', '/admin/'), /needs a client certificate[\s\S]*403$/);
  assert.match(await ask('staff', '/admin/', ...mallory), /is not accepted: [\s\S]*403$/);
  assert.match(await ask('staff', '/', ...mallory), /seen\n200$/);
  for (const version of [['--http1.1'], ['--http2'], ['--tls-max', '1.2']])
    assert.match(await ask('staff', '/admin/', ...version, ...alice), /seen\n200$/);
  assert.match(await ask('staff', '/bob/', ...alice), /not for this address[\s\S]*403$/);
});

test('only clients of that site are asked for one', async (t) => {
  const { server, ask, alice } = await serve(t);
  const greeting = (host: string) => sClient(server.httpsPort, ['-servername', host]);
  assert.match(await greeting('staff.example'), /Acceptable client certificate CA names/);
  assert.match(await greeting('shop.example'), /No client certificate CA names sent/);
  // A connection of one site says nothing about a client of the other.
  const astray = await ask('shop', '/admin/', '-H', 'Host: staff.example', ...alice);
  assert.match(astray, /connection of its own[\s\S]*421$/);
});

test('nobody is asked: a mistake', async (t) => {
  const folder = makeFolder(t, { 'vivarium.toml': '[[routes]]\nclient-certificate = true\nrespond = 204\n' });
  const { code, output } = await runVivarium(['check', '--config', `${folder}/vivarium.toml`]);
  assert.equal(code, 2);
  assert.match(
    output,
    /vivarium\.toml:2: routes\[0\]\.client-certificate: found without ssl-ca-certificate-file and a listener with TLS/,
  );
});
