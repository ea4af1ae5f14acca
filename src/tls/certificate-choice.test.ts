import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { CertificateMaterial } from '../control/messages.ts';
import { CertificateChoice } from './certificate-choice.ts';

function named(certificate: string, names: readonly string[], keyType = 'ec'): CertificateMaterial {
  return { certificate, key: '', names, keyType };
}

const certificates = [
  named('first', ['example.org', 'www.example.org']),
  named('wildcard', ['*.example.org']),
  named('rsa', ['example.org'], 'rsa'),
  named('late', ['example.org']),
  named('address', ['192.0.2.1']),
  named('nameless', []),
];
const choice = new CertificateChoice(certificates);

for (const [host, expected] of [
  ['example.org', ['first', 'rsa']],
  ['www.example.org', ['first']],
  ['shop.example.org', ['wildcard']],
  ['a.shop.example.org', null],
  ['.example.org', null],
  ['org', null],
  ['192.0.2.1', ['address']],
] as const) {
  test(`for ${host}: ${expected?.join(' and ') ?? 'none'}`, () => {
    assert.deepEqual(choice.find(host)?.map(({ certificate }) => certificate) ?? null, expected);
  });
}

test('the default is the first one, with what else its name has', () => {
  const names = choice.fallback.map(({ certificate }) => certificate);
  assert.deepEqual(names, ['first', 'rsa']);
});

test('the default may name no host', () => {
  assert.deepEqual(new CertificateChoice([certificates[5]!]).fallback, [certificates[5]]);
});

test('the same name gives the same group: a listener has one TLS context for it', () => {
  assert.equal(choice.find('example.org'), choice.fallback);
});
