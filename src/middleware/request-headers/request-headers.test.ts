import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import type { RequestHeadersSettings } from '../../config/sections/request-headers.ts';
import { requestHeaders } from './request-headers.ts';

function seen(settings: Partial<RequestHeadersSettings>, fields: Readonly<Record<string, string>>) {
  let saw: Record<string, string> = {};
  const all = { remove: [], set: {}, default: {}, add: {}, ...settings };
  requestHeaders(all)(({ request }) => {
    saw = Object.fromEntries(request.fields.names.map(({ raw }, i) => [raw, request.fields.values[i]!]));
  })(new FakeExchange({ fields }));
  return saw;
}

test('a client cannot have them dropped on their way by naming them in its Connection field', () => {
  const fields = { Connection: 'keep-alive, X-User ,x-other', 'X-Other': 'a' };
  assert.deepEqual(seen({ set: { 'X-User': 'ada' } }, fields), {
    Connection: 'keep-alive, x-other',
    'X-Other': 'a',
    'X-User': 'ada',
  });
});

test('fields are taken away, set, added and completed', () => {
  const changes = {
    remove: ['cookie'],
    set: { 'X-Client': '{remote-address}' },
    default: { Accept: '*/*', Range: 'none' },
    add: { Via: 'us' },
  };
  assert.deepEqual(seen(changes, { Cookie: 'a', 'x-client': 'forged', Accept: 'text/html' }), {
    Accept: 'text/html',
    'X-Client': '192.0.2.7',
    Via: 'us',
    Range: 'none',
  });
});

test('a value that a client brings in does not end a line', () => {
  const saw = seen({ set: { 'X-Copy': '{header.a}' } }, { A: 'b\r\nC: d' });
  assert.equal(saw['X-Copy'], 'bC: d');
});
