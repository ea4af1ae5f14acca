import assert from 'node:assert/strict';
import { createHash, X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { openssl } from '../../test/support/certificates.ts';
import { makeFolder } from '../../test/support/folder.ts';
import { namesOf } from './certificate-files.ts';
import { certificateRequest, selfSigned } from './x509.ts';

const HOUR_MS = 3600_000;
const NAMES = ['a.example', '*.a.example', '127.0.0.1', '::1', '2001:db8::5:0:1'];

test('a certificate of our own: names, time, signature', () => {
  const nowMs = Date.UTC(2049, 11, 31, 12);
  const { certificate } = selfSigned({ names: NAMES, nowMs, lifetimeMs: 24 * HOUR_MS });
  const parsed = new X509Certificate(certificate);
  assert.ok(parsed.verify(parsed.publicKey));
  assert.equal(parsed.validToDate.getTime(), nowMs + 24 * HOUR_MS);
  assert.equal(parsed.validFromDate.getTime(), nowMs - HOUR_MS);
  for (const name of ['a.example', 'www.a.example']) assert.equal(parsed.checkHost(name) !== undefined, true);
  for (const address of ['127.0.0.1', '::1', '2001:db8::5:0:1'])
    assert.equal(parsed.checkIP(address) !== undefined, true);
  assert.equal(parsed.checkHost('b.example'), undefined);
  assert.equal(parsed.ca, false);
  assert.ok(namesOf(parsed).includes('*.a.example'));
});

test('openssl reads it, and the extension of TLS-ALPN-01', (t) => {
  const file = `${makeFolder(t)}/c.pem`;
  const acmeIdentifier = createHash('sha256').update('token.thumbprint').digest();
  const proof = selfSigned({ names: ['a.example'], nowMs: Date.now(), lifetimeMs: HOUR_MS, acmeIdentifier });
  writeFileSync(file, proof.certificate);
  const text = openssl('x509', '-in', file, '-noout', '-text');
  assert.match(text, /DNS:a\.example/);
  assert.match(text, /1\.3\.6\.1\.5\.5\.7\.1\.31: critical/);
});

test('a request for a certificate is signed, and names all hosts', (t) => {
  const file = `${makeFolder(t)}/r.der`;
  const { csr } = certificateRequest(['a.example', 'b.example']);
  writeFileSync(file, csr);
  const text = openssl('req', '-inform', 'DER', '-in', file, '-noout', '-text', '-verify');
  assert.match(text, /DNS:a\.example, DNS:b\.example/);
});

test('a long name of a host is cut in the common name alone', () => {
  const long = `${'a'.repeat(60)}.${'b'.repeat(60)}.example`;
  const { certificate } = selfSigned({ names: [long], nowMs: Date.now(), lifetimeMs: HOUR_MS });
  assert.equal(new X509Certificate(certificate).checkHost(long), long);
});
