import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FakeExchange } from '../../../test/support/fake-exchange.ts';
import type { RedirectSettings } from '../../config/sections/redirect.ts';
import { redirect } from './redirect.ts';

function locationOf(settings: RedirectSettings, target: string, captures = {}): string | null {
  const exchange = new FakeExchange({ target });
  exchange.captures = captures;
  redirect(settings)(exchange);
  assert.equal(exchange.status, settings.status);
  return exchange.field('location');
}

test('the target is filled in, and the query put behind it or left off', () => {
  const to = '/new/{1}';
  assert.equal(locationOf({ to, status: 308, keepsQuery: true }, '/old/a?b=c', { 1: 'a' }), '/new/a?b=c');
  assert.equal(locationOf({ to, status: 308, keepsQuery: true }, '/old/a', { 1: 'a' }), '/new/a');
  assert.equal(locationOf({ to, status: 301, keepsQuery: false }, '/old/a?b=c', { 1: 'a' }), '/new/a');
});

test('a line break that was caught stays in the line', () => {
  const settings = { to: '/new/{1}', status: 302, keepsQuery: true };
  assert.equal(locationOf(settings, '/x', { 1: 'a\r\nSet-Cookie: b' }), '/new/a%0D%0ASet-Cookie:%20b');
});
