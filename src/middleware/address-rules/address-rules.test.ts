import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import { addressRules } from './address-rules.ts';

test('who is denied gets the status, and nobody behind hears of it', () => {
  let served = 0;
  const handle = addressRules({ rules: ['allow 10.0.0.0/8', 'deny all'], status: 403 })((exchange) => {
    served++;
    exchange.respond(200, [], '');
  });
  const statusFor = (remoteAddress: string) => {
    const exchange = new FakeExchange({ remoteAddress });
    handle(exchange);
    return exchange.status;
  };
  assert.equal(statusFor('10.1.2.3'), 200);
  assert.equal(statusFor('192.0.2.7'), 403);
  assert.equal(statusFor('2001:db8::1'), 403);
  assert.equal(served, 1);
});
