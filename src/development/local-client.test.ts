import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type FakeRequest, fakeRequest } from '../../test/support/fake-exchange.ts';
import { isLocalClient } from './local-client.ts';

const isLocal = (request: FakeRequest) =>
  isLocalClient(fakeRequest({ remoteAddress: '127.0.0.1', authority: 'localhost:8000', ...request }));

test('clients on this machine are those of the loopback network and of Unix sockets', () => {
  for (const remoteAddress of ['127.0.0.1', '127.8.9.1', '::1', '']) assert.ok(isLocal({ remoteAddress }));
  for (const remoteAddress of ['192.0.2.7', '10.0.0.1', '1.27.0.1', '::2', '2001:db8::1', '127.evil'])
    assert.ok(!isLocal({ remoteAddress }), remoteAddress);
});

test('what was forwarded is not local, whatever it claims', () => {
  for (const name of ['X-Forwarded-For', 'Forwarded', 'Via', 'X-Real-IP', 'X-Forwarded-Host'])
    assert.ok(!isLocal({ fields: { [name]: '127.0.0.1' } }), name);
  assert.ok(!isLocal({ remoteAddress: '192.0.2.7', fields: { 'X-Forwarded-For': '127.0.0.1' } }));
});

test('a public name may belong to somebody else', () => {
  for (const authority of [
    '127.0.0.1:8000',
    '[::1]:8000',
    'localhost',
    'shop.localhost:80',
    'shop.test',
    'laptop',
    '',
  ])
    assert.ok(isLocal({ authority }), authority);
  for (const authority of ['evil.example.org', 'localhost.example.org:8000', '127.0.0.1.example.org'])
    assert.ok(!isLocal({ authority }), authority);
});
