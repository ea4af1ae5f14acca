/** Certificates from an authority that speaks ACME: the whole way, with an authority that looks for itself. */
import assert from 'node:assert/strict';
import { statSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type Authority, startAuthority } from '../support/acme-authority.ts';
import { curl, sClient } from '../support/certificates.ts';
import { makeFolder } from '../support/folder.ts';
import { startTlsServer, type TlsServer } from '../support/tls-server.ts';
import { APPS } from '../support/vivarium.ts';

interface Site {
  readonly folder: string;
  readonly authority: Authority;
  readonly configure: (lines: string) => string;
  start(lines: string, ...args: string[]): Promise<TlsServer>;
}

async function makeSite(t: { after(then: () => void): void }): Promise<Site> {
  const folder = makeFolder(t);
  let server: TlsServer | null = null;
  const ports = () => ({ http: server!.port, tls: server!.httpsPort });
  const authority = await startAuthority(folder, ports);
  t.after(() => authority.close());
  const configure = (lines: string) => {
    const file = `${folder}/vivarium.toml`;
    const where = `directory = "${authority.directory}"\ndirectory-ca-file = "${authority.caFile}"`;
    writeFileSync(file, `[acme]\naccept-terms = true\nstorage = "store"\n${where}\n${lines}\n`);
    return file;
  };
  const start = async (lines: string, ...args: string[]) => {
    const file = configure(lines);
    server = await startTlsServer([`${APPS}pep3333.py`, '--config', file, '--processes', '1', ...args]);
    return server;
  };
  return { folder, authority, configure, start };
}

async function issuerOf(server: TlsServer, host: string): Promise<string | undefined> {
  return /issuer=.*CN = (\S+)/.exec(await sClient(server.httpsPort, ['-servername', host]))?.[1];
}

for (const type of ['http-01', 'tls-alpn-01']) {
  test(`${type}: each host gets a certificate, once`, async (t) => {
    const site = await makeSite(t);
    const settings = `challenges = ["${type}"]\nnames = ["a.example", "b.example"]`;
    const server = await site.start(settings, '--https-only');
    t.after(() => server.stop());
    await server.waitForOutput(/certificate-issued: b\.example/);
    assert.deepEqual(site.authority.checks, [`${type} a.example`, `${type} b.example`]);
    for (const host of ['a.example', 'b.example']) {
      const trusted = [
        '--cacert',
        site.authority.caFile,
        '--resolve',
        `${host}:${server.httpsPort}:127.0.0.1`,
      ];
      const text = await curl(...trusted, `https://${host}:${server.httpsPort}/hello`);
      assert.equal(text, 'hello\n\n200');
    }
    const stored = new URL(site.authority.directory);
    const folder = `${site.folder}/store/localhost-${stored.port}-directory`;
    for (const file of ['account.key', 'a.example.pem'])
      assert.equal(statSync(`${folder}/${file}`).mode & 0o777, 0o600);

    // What is there is used from the start, and not asked for again.
    await server.stop();
    const again = await site.start(settings);
    t.after(() => again.stop());
    assert.equal(await issuerOf(again, 'b.example'), 'localhost');
    assert.equal(site.authority.checks.length, 2);
  });
}

test('a host that is refused keeps no other from its certificate, and a reload brings a new one', async (t) => {
  const site = await makeSite(t);
  const server = await site.start('names = ["refused.example", "a.example"]');
  t.after(() => server.stop());
  await server.waitForOutput(/certificate-issued: a\.example/);
  await server.waitForOutput(
    /certificate-not-issued: refused\.example: the order: refused\.example is not served here \(rejectedIdentifier\).*a certificate of our own stands in/,
  );
  assert.equal(await issuerOf(server, 'refused.example'), 'refused.example');

  site.configure('names = ["a.example", "c.example"]');
  const from = server.output.length;
  server.signal('SIGHUP');
  await server.waitForOutput(/certificate-issued: c\.example/, from);
  assert.equal(await issuerOf(server, 'c.example'), 'localhost');
  assert.equal(await issuerOf(server, 'a.example'), 'localhost');
  assert.equal(site.authority.checks.filter((check) => check.endsWith(' a.example')).length, 1);
});

test('an authority that cannot be reached takes nothing down', async (t) => {
  const site = await makeSite(t);
  site.authority.close();
  const server = await site.start('names = ["a.example"]');
  t.after(() => server.stop());
  await server.waitForOutput(/certificate-not-issued: a\.example: .*ECONNREFUSED/);
  assert.equal(await issuerOf(server, 'a.example'), 'a.example');
  const text = await curl('-k', `https://127.0.0.1:${server.httpsPort}/.well-known/acme-challenge/none`);
  assert.match(text, /200$/, 'the application answers what is no challenge');
});
