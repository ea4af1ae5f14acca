import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { clientCertificate, clientCertificateBelow } from './client-certificate.ts';

const handle = clientCertificateBelow(['/admin', '/a b/'])((exchange) => exchange.respond(200, [], ''));

function status(decodedPath: string, hasVerifiedClient: boolean | null): number {
  const tls = hasVerifiedClient === null ? null : { hasVerifiedClient, variables: [] };
  const exchange = new FakeExchange({ decodedPath, tls });
  handle(exchange);
  return exchange.status;
}

for (const path of ['/admin', '/admin/', '/admin/x', '//admin', '/x/../admin', '/./admin/y', '/a b/c']) {
  test(`${path} needs a certificate`, () => {
    assert.deepEqual([status(path, null), status(path, false), status(path, true)], [403, 403, 200]);
  });
}

for (const path of ['/', '/administrator', '/x/admin', '*', '/admin/..'])
  test(`${path} needs none`, () => assert.equal(status(path, false), 200));

/** Of a connection for example.org, as tls-session.ts has them. */
function session(verdict: string, commonName = '', serverName = 'example.org') {
  const variables = [
    'SSL_TLS_SNI',
    serverName,
    'SSL_CLIENT_VERIFY',
    verdict,
    'SSL_CLIENT_S_DN_CN',
    commonName,
  ];
  return { hasVerifiedClient: verdict === 'SUCCESS', variables };
}

function ask(commonNames: string[], tls: ReturnType<typeof session> | null): [number, string | null] {
  const exchange = new FakeExchange({ tls, authority: 'Example.org:8443' });
  clientCertificate({ commonNames })((served) => served.respond(200, [], ''))(exchange);
  return [exchange.status, exchange.aborted];
}

test('who is let through, and what the others are told', () => {
  assert.deepEqual(ask([], session('SUCCESS')), [200, null]);
  assert.deepEqual(ask([], null), [403, 'This address needs HTTPS and a client certificate.']);
  assert.deepEqual(ask([], session('NONE')), [403, 'This address needs a client certificate.']);
  assert.deepEqual(ask([], session('FAILED:CERT_HAS_EXPIRED')), [
    403,
    'Your client certificate is not accepted: CERT_HAS_EXPIRED.',
  ]);
});

test('by common name', () => {
  const names = ['alice', '*.devices.example'];
  for (const [name, status] of [
    ['alice', 200],
    ['a.devices.example', 200],
    ['malice', 403],
    ['', 403],
  ] as const)
    assert.equal(ask(names, session('SUCCESS', name))[0], status, name);
  assert.equal(ask(names, session('FAILED:x', 'alice'))[0], 403);
});

test('on a connection of another host the client is sent to one of its own', () => {
  assert.equal(ask([], session('NONE', '', 'shop.example'))[0], 421);
  assert.equal(ask([], session('NONE', '', ''))[0], 403);
  assert.equal(ask([], session('SUCCESS', '', 'shop.example'))[0], 200);
});
