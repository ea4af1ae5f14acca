import assert from 'node:assert/strict';
import { appendFileSync, chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { openssl, writeCertificate } from '../../test/support/certificates.ts';
import { makeFolder } from '../../test/support/folder.ts';
import { CertificateError, loadAuthorities, loadCertificate } from './certificate-files.ts';

const DAY_MS = 24 * 3600_000;

test('a certificate, its key and its chain', (t) => {
  const folder = makeFolder(t);
  const files = writeCertificate(folder, 'a', ['A.example', '*.a.example', '127.0.0.1']);
  const chain = writeCertificate(folder, 'chain', ['chain.example']).certificate;
  const { material, warnings } = loadCertificate({ ...files, chain }, Date.now());
  assert.deepEqual(material.names, ['a.example', '*.a.example', '127.0.0.1']);
  assert.equal(material.keyType, 'ec');
  assert.equal(material.certificate.match(/BEGIN/g)!.length, 2);
  assert.deepEqual(warnings, []);
});

test('what is doubtful is said, and used', (t) => {
  const folder = makeFolder(t);
  const files = writeCertificate(folder, 'a', ['a.example'], 10 * DAY_MS);
  const warningsAt = (days: number) => loadCertificate(files, Date.now() + days * DAY_MS).warnings;
  assert.match(warningsAt(5)[0]!, /a\.crt: the certificate expires on /);
  assert.match(warningsAt(11)[0]!, /a\.crt: the certificate expired on /);
  assert.match(warningsAt(-1)[0]!, /a\.crt: the certificate is valid from /);
  chmodSync(files.key, 0o644);
  assert.match(warningsAt(0)[0]!, /a\.key: every user of this machine can read this key \(mode 644\)/);
});

test('what cannot be used is refused, with the file that is to blame', (t) => {
  const folder = makeFolder(t);
  const a = writeCertificate(folder, 'a', ['a.example']);
  const b = writeCertificate(folder, 'b', ['b.example']);
  const refused = (files: Partial<typeof a>, why: RegExp) =>
    assert.throws(
      () => loadCertificate({ ...a, ...files }, Date.now()),
      (error) => {
        assert.ok(error instanceof CertificateError);
        assert.match(error.message, why);
        return true;
      },
    );
  refused({ key: b.key }, /b\.key: is not the key of the first certificate in .*a\.crt/);
  refused({ certificate: `${folder}/none` }, /none: there is no such file/);
  refused({ certificate: folder }, /it is a directory/);
  refused({ certificate: a.key }, /a\.key: there is no certificate in PEM in it/);
  refused({ key: a.certificate }, /a\.crt: there is no private key in PEM in it/);
  const broken = `${folder}/broken.crt`;
  writeFileSync(broken, readFileSync(a.certificate, 'utf8').replace(/MII.{20}/, 'MIIxxxx'));
  refused({ certificate: broken }, /broken\.crt: a certificate in it cannot be read/);
  const encrypted = `${folder}/encrypted.key`;
  openssl('pkey', '-in', a.key, '-out', encrypted, '-aes128', '-passout', 'pass:x');
  refused({ key: encrypted }, /encrypted\.key: the key is encrypted/);
  const weak = { certificate: `${folder}/weak.crt`, key: `${folder}/weak.key` };
  const out = ['-keyout', weak.key, '-out', weak.certificate];
  openssl('req', '-x509', '-newkey', 'rsa:1024', '-nodes', '-subj', '/CN=weak.example', ...out);
  refused(weak, /weak\.crt: TLS cannot use it: .*key too small/);
});

test('the common name counts where there are no other names', (t) => {
  const folder = makeFolder(t);
  const files = { certificate: `${folder}/c.crt`, key: `${folder}/c.key`, chain: null };
  const out = ['-keyout', files.key, '-out', files.certificate];
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/O=x/CN=Old.example', ...out);
  assert.deepEqual(loadCertificate(files, Date.now()).material.names, ['old.example']);
});

test('authorities are several certificates in one file', (t) => {
  const folder = makeFolder(t);
  const a = writeCertificate(folder, 'a', ['a.example']).certificate;
  appendFileSync(a, readFileSync(writeCertificate(folder, 'b', ['b.example']).certificate));
  assert.equal(loadAuthorities(a).match(/BEGIN/g)!.length, 2);
  assert.throws(() => loadAuthorities(`${folder}/a.key`), /there is no certificate/);
});
