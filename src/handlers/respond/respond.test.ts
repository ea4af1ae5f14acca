import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { respond } from './respond.ts';

test('the answer is filled in', () => {
  const exchange = new FakeExchange({ target: '/a' });
  respond({ status: 410, body: '{path} is gone\n', headers: { 'X-Host': '{host}' } })(exchange);
  assert.equal(exchange.status, 410);
  assert.equal(exchange.text, '/a is gone\n');
  assert.equal(exchange.field('x-host'), 'example.org');
});
