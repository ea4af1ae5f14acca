import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { clientCertificate } from './client-certificate.ts';

const handle = clientCertificate(['/admin', '/a b/'])((exchange) => exchange.respond(200, [], ''));

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
