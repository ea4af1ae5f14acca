import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fakeRequest } from '../../../test/support/fake-exchange.ts';
import type { Request } from '../../exchange.ts';
import { TrustedProxies } from './trusted-proxies.ts';

const CLIENT = '203.0.113.9';

interface Case {
  readonly peer?: string;
  readonly honoured?: readonly string[];
  readonly trust?: readonly string[];
  readonly fields: Readonly<Record<string, string>>;
}

function resolved({
  peer = '10.0.0.1',
  honoured,
  trust = ['10.0.0.0/8', '2001:db8::/32'],
  fields,
}: Case): Request {
  const proxies = new TrustedProxies({
    networks: trust,
    trustsUnix: true,
    honoured: honoured ?? Object.keys(fields).map((name) => name.toLowerCase()),
  });
  return proxies.resolve(
    fakeRequest({ remoteAddress: peer, fields: { Host: 'example.org:8000', ...fields } }),
  );
}

/** Address and port of the client. */
function clientOf(value: string, options: Partial<Case> = {}): string {
  const { remoteAddress, remotePort } = resolved({ ...options, fields: { 'X-Forwarded-For': value } });
  return `${remoteAddress} ${remotePort}`;
}

test('the client is the last that no trusted proxy vouches for', () => {
  assert.equal(clientOf(CLIENT), `${CLIENT} 0`);
  assert.equal(clientOf(`${CLIENT}, 10.0.0.3, 10.0.0.2`), `${CLIENT} 0`);
  assert.equal(clientOf(`1.2.3.4, ${CLIENT}`), `${CLIENT} 0`);
  assert.equal(clientOf('10.0.0.3, 10.0.0.2'), '10.0.0.3 0');
  assert.equal(clientOf(`${CLIENT}:4711`), `${CLIENT} 4711`);
  assert.equal(clientOf('[2001:DB9::1]:4711'), '2001:db9::1 4711');
  assert.equal(clientOf(`${CLIENT}, 2001:db8::7`), `${CLIENT} 0`);
  assert.equal(clientOf(CLIENT, { peer: '' }), `${CLIENT} 0`);
});

test('nonsense ends what is believed', () => {
  assert.equal(clientOf('unknown'), '10.0.0.1 40001');
  assert.equal(clientOf(''), '10.0.0.1 40001');
  assert.equal(clientOf(`${CLIENT}, unknown, 10.0.0.2`), '10.0.0.2 0');
  assert.equal(clientOf(Array.from({ length: 1_000 }, () => '10.0.0.2').join(', ')), '10.0.0.2 0');
});

test('the next one sees of the list only what is vouched for', () => {
  const { fields } = resolved({ fields: { 'X-Forwarded-For': `forged, 1.2.3.4, ${CLIENT}, 10.0.0.2` } });
  assert.equal(fields.get('x-forwarded-for'), `${CLIENT}, 10.0.0.2`);
});

test('what others send is removed, and changes nothing', () => {
  const request = resolved({
    peer: CLIENT,
    fields: {
      'X-Forwarded-For': '1.2.3.4',
      Forwarded: 'for=1.2.3.4;proto=https',
      'X-Script-Name': '/x',
      'X-Other': 'y',
    },
  });
  assert.deepEqual([request.remoteAddress, request.scheme], [CLIENT, 'http']);
  assert.deepEqual(
    request.fields.names.map(({ lower }) => lower),
    ['host', 'x-other'],
  );
});

test('of trusted proxies only the headers that are believed are left', () => {
  const request = resolved({
    honoured: ['x-forwarded-for', 'x-forwarded-prefix'],
    fields: {
      'X-Forwarded-For': CLIENT,
      'X-Forwarded-Host': 'evil.test',
      'X-Forwarded-Prefix': '/shop',
      'X-Real-IP': '1.2.3.4',
    },
  });
  assert.equal(request.authority, 'example.org:8000');
  assert.deepEqual(
    request.fields.names.map(({ lower }) => lower),
    ['host', 'x-forwarded-for', 'x-forwarded-prefix'],
  );
});

test('a request without such headers stays what it was', () => {
  const proxies = new TrustedProxies({ networks: [], trustsUnix: false, honoured: [] });
  const request = fakeRequest();
  assert.equal(proxies.resolve(request), request);
});

test('scheme, host and port', () => {
  const of = (fields: Record<string, string>) => {
    const { scheme, authority, localPort, fields: seen } = resolved({ fields });
    assert.equal(seen.get('host'), authority);
    return `${scheme} ${authority} ${localPort}`;
  };
  assert.equal(of({ 'X-Forwarded-Proto': 'https' }), 'https example.org:8000 443');
  assert.equal(
    of({ 'X-Forwarded-Proto': 'HTTPS', 'X-Forwarded-Port': '8443' }),
    'https example.org:8000 8443',
  );
  assert.equal(of({ 'X-Forwarded-Ssl': 'on' }), 'https example.org:8000 443');
  assert.equal(of({ 'X-Forwarded-Ssl': 'off' }), 'http example.org:8000 8000');
  assert.equal(of({ 'X-Forwarded-Host': 'shop.test:81' }), 'http shop.test:81 81');
  assert.equal(of({ 'X-Forwarded-Host': 'shop.test', 'X-Forwarded-Proto': 'wss' }), 'https shop.test 443');
  assert.equal(
    of({ 'X-Forwarded-Host': 'a b', 'X-Forwarded-Proto': 'gopher', 'X-Forwarded-Port': '-1' }),
    'http example.org:8000 8000',
  );
});

test('of lists that several proxies have written, the entry of the one that the client came to', () => {
  const { scheme, authority } = resolved({
    fields: {
      'X-Forwarded-For': `1.2.3.4, ${CLIENT}, 10.0.0.2`,
      'X-Forwarded-Proto': 'http, https, http',
      'X-Forwarded-Host': 'evil.test, shop.test, inner.test',
    },
  });
  assert.deepEqual([scheme, authority], ['https', 'shop.test']);
});

test('Forwarded says all at once', () => {
  const request = resolved({
    fields: {
      Forwarded: `for=1.2.3.4;proto=http, For="${CLIENT}:4711";proto=https;host=shop.test, for="10.0.0.2";proto=http`,
    },
  });
  const { remoteAddress, remotePort, scheme, authority, localPort, fields } = request;
  assert.deepEqual(
    [remoteAddress, remotePort, scheme, authority, localPort],
    [CLIENT, 4711, 'https', 'shop.test', 443],
  );
  assert.equal(
    fields.get('forwarded'),
    `For="${CLIENT}:4711";proto=https;host=shop.test, for="10.0.0.2";proto=http`,
  );
  assert.equal(resolved({ fields: { Forwarded: 'for="' } }).remoteAddress, '10.0.0.1');
});

test('of headers that say the same, the first in the order of the setting counts', () => {
  const fields = { 'X-Real-IP': '203.0.113.1', 'CF-Connecting-IP': CLIENT };
  assert.equal(resolved({ honoured: ['cf-connecting-ip', 'x-real-ip'], fields }).remoteAddress, CLIENT);
  assert.equal(
    resolved({ honoured: ['x-real-ip', 'cf-connecting-ip'], fields }).remoteAddress,
    '203.0.113.1',
  );
});
