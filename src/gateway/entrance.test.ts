import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../test/support/fake-exchange.ts';
import type { Configuration } from '../config/configuration.ts';
import type { InheritedListener } from '../control/messages.ts';
import { makeEntrance } from './entrance.ts';

const listener = { fd: 3, path: null, role: 'site', proxied: false } as const;
const LISTENERS = [
  { ...listener, url: 'http://127.0.0.1:8000', tls: false },
  { ...listener, url: 'https://127.0.0.1:8443', tls: true },
] as unknown as InheritedListener[];

/** Where a request without TLS is sent. */
function locationWith(httpsPublicPort: number | null): string | null {
  const configuration = { http: { httpsOnly: true, httpsPublicPort }, tls: null } as unknown as Configuration;
  const exchange = new FakeExchange({ target: '/a?b', authority: 'example.org:8000' });
  makeEntrance(configuration, LISTENERS, null)(() => assert.fail())(exchange);
  return exchange.field('Location');
}

test('https-only sends clients to the port of TLS, or to the one by which they reach it', () => {
  assert.equal(locationWith(null), 'https://example.org:8443/a?b');
  assert.equal(locationWith(443), 'https://example.org/a?b');
  assert.equal(locationWith(9443), 'https://example.org:9443/a?b');
});
