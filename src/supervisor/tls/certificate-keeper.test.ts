import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { test } from 'node:test';
import { writeCertificate } from '../../../test/support/certificates.ts';
import { FakeClock } from '../../../test/support/fake-clock.ts';
import { makeFolder } from '../../../test/support/folder.ts';
import type { TlsSettings } from '../../config/tls-settings.ts';
import { createLog } from '../../telemetry/log.ts';
import { StartupError } from '../startup-error.ts';
import { CertificateKeeper } from './certificate-keeper.ts';

const HOUR_MS = 3600_000;

function settingsFor(certificates: TlsSettings['certificates']): TlsSettings {
  return {
    certificates,
    acme: null,
    selfSigned: false,
    minVersion: 'TLSv1.2',
    ciphers: 'DEFAULT',
    strictSni: false,
    handshakeTimeoutMs: 1000,
    handshakesMax: 10,
    sessionTimeoutMs: 24 * HOUR_MS,
    clientAuthorities: null,
    clientVerify: 'none',
    clientVerifyUrls: [],
    clientVerifyHosts: null,
    environment: false,
  };
}

function makeKeeper(t: { after(then: () => void): void }) {
  const clock = new FakeClock();
  let changes = 0;
  const keeper = new CertificateKeeper(
    makeFolder(t),
    createLog('test', 'error', () => {}),
    clock,
    { changed: () => changes++, challenged: () => {} },
  );
  t.after(() => keeper.stop());
  return { keeper, clock, changes: () => changes };
}

test('the keys of tickets change at half of their time; two older ones are kept', async (t) => {
  const { keeper, clock, changes } = makeKeeper(t);
  const settings = settingsFor([writeCertificate(makeFolder(t), 'a', ['a.example'])]);
  keeper.prepare(settings);
  await keeper.follow(settings);
  const [first] = keeper.material(settings).ticketKeys;
  assert.equal(Buffer.from(first!, 'base64').length, 48);
  for (let n = 1; n <= 3; n++) {
    clock.advance(12 * HOUR_MS);
    assert.equal(changes(), n);
    const { ticketKeys } = keeper.material(settings);
    assert.equal(ticketKeys.includes(first!), n <= 2);
    assert.ok(ticketKeys.length <= 3);
  }
  assert.deepEqual(keeper.material({ ...settings, sessionTimeoutMs: 0 }).ticketKeys, []);
});

test('settings with a file that cannot be used are refused, and those before them go on', (t) => {
  const { keeper } = makeKeeper(t);
  const folder = makeFolder(t);
  const good = writeCertificate(folder, 'a', ['a.example']);
  const settings = settingsFor([good]);
  keeper.prepare(settings);
  const gone = writeCertificate(folder, 'b', ['b.example']);
  rmSync(gone.key);
  assert.throws(() => keeper.prepare(settingsFor([good, gone])), StartupError);
  assert.deepEqual(keeper.material(settings).certificates[0]!.names, ['a.example']);
});
